import { randomBytes } from 'node:crypto';
import { type AppName, type AppObject, appObjectRef } from '../apps/app-object.ts';
import { annotations, FIELD_MANAGER, labels } from '../apps/labels.ts';
import { notFound } from '../apps/published-errors.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { StagingStatus } from '../contracts/builder.ts';
import { buildInputsHash } from './build-inputs.ts';
import { type DeploymentDeps, lockOn } from './deps.ts';
import { stagedImage } from './images.ts';
import type { DeploymentRecord } from './record.ts';
import { storeStep } from './steps.ts';

/** A build on a slow network is not given up while it may still be moving; one that hangs must end some time. */
const TIMEOUT_MS = 60 * 60 * 1000;

/**
 * Brings the sources of a push to an image: builds it, or takes the one that was built from the same sources with
 * the same builder and environment. Called again after an interruption, it goes on with the run that was begun.
 */
export async function stage(
  deps: DeploymentDeps,
  app: AppName,
  record: DeploymentRecord,
  signal: AbortSignal,
): Promise<void> {
  const { blobUid } = record;
  if (blobUid === undefined) return;
  const object = await deps.kube.get<AppObject>(appObjectRef(app), signal);
  if (object === undefined) throw notFound('application', app.name);
  const begun = await begin(deps, object, { ...record, blobUid }, signal);
  if (begun.reused === true) return;
  await deps.locks.run(lockOn.runs(app), () => startRun(deps, object, { ...begun, blobUid }, signal));
  const status = await waitForRun(deps, begun.stageId ?? '', signal);
  await finish(deps, app, begun, status, signal);
}

type PushRecord = DeploymentRecord & { readonly blobUid: string };

/** Decides which run it is, and stores that before anything is started. */
async function begin(
  deps: DeploymentDeps,
  object: AppObject,
  record: PushRecord,
  signal: AbortSignal,
): Promise<DeploymentRecord> {
  const { name, namespace = '' } = object.metadata;
  const app = { namespace, name };
  const builder = record.builderImage ?? object.spec.builderimage ?? deps.builder.defaultImage;
  const blob = await deps.storage.info(record.blobUid, signal);
  if (blob === undefined) throw blobGone(record.blobUid);
  const { environment } = deps.appSettings.get(app);
  const inputs = buildInputsHash({ sha256: blob.sha256, builderImage: builder, environment });
  const newId = randomBytes(8).toString('hex');
  const newImage = await stagedImage(deps.registry, app, newId);
  const replaced = object.spec.blobuid;
  const stored = await storeStep(
    deps.states,
    app,
    record.id,
    (present, { built, workload }) => {
      if (present.stageId !== undefined) return { record: {} };
      const replacedBlobUid =
        replaced === undefined || replaced === record.blobUid ? {} : { replacedBlobUid: replaced };
      const common = { status: 'staging', build: { inputs, builder }, ...replacedBlobUid } as const;
      if (record.restage !== true && built?.inputs === inputs && built.image === workload?.image) {
        const { stageId, image } = built;
        return { record: { ...common, stageId, image, reused: true }, state: { staging: 'done' } };
      }
      return { record: { ...common, stageId: newId, image: newImage }, state: { staging: 'active' } };
    },
    signal,
  );
  await deps.kube.patch(
    appObjectRef(app),
    {
      type: 'merge',
      patch: {
        spec: {
          blobuid: record.blobUid,
          stageid: stored.record.stageId,
          ...(record.builderImage === undefined ? {} : { builderimage: record.builderImage }),
        },
      },
    },
    { fieldManager: FIELD_MANAGER, signal },
  );
  return stored.record;
}

async function startRun(
  deps: DeploymentDeps,
  object: AppObject,
  record: PushRecord,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace = '' } = object.metadata;
  const app = { namespace, name };
  const { stageId = '', image = '', blobUid } = record;
  const { built } = deps.states.get(app);
  const outside = deps.mesh.excludedPodMetadata();
  const builderImage = record.builderImage ?? object.spec.builderimage;
  await deps.builder.start(
    {
      id: stageId,
      app,
      blob: blobUid,
      image,
      ...(built === undefined ? {} : { previousImage: built.image }),
      environment: deps.appSettings.get(app).environment,
      ...(builderImage === undefined ? {} : { builderImage }),
      labels: {
        ...outside.labels,
        [labels.name]: name,
        [labels.partOf]: namespace,
        [labels.managedBy]: 'epinio',
        [labels.component]: 'staging',
        [labels.stageId]: stageId,
        [labels.previousStageId]: built?.stageId ?? stageId,
        [labels.blobUid]: blobUid,
      },
      annotations: { ...outside.annotations, [annotations.createdBy]: record.user },
    },
    signal,
  );
}

async function waitForRun(
  deps: DeploymentDeps,
  stageId: string,
  signal: AbortSignal,
): Promise<StagingStatus> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await deps.builder.wait(stageId, AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (!deadline.aborted || signal.aborted) throw error;
    await deps.builder.cancel(stageId, signal);
    return { id: stageId, phase: 'failed', message: `not done after ${TIMEOUT_MS / 60_000} minutes` };
  }
}

async function finish(
  deps: DeploymentDeps,
  app: AppName,
  record: DeploymentRecord,
  status: StagingStatus,
  signal: AbortSignal,
): Promise<void> {
  const { stageId = '', image = '', build = { inputs: '', builder: '' } } = record;
  const isBuilt = status.phase === 'succeeded';
  const { state } = await storeStep(
    deps.states,
    app,
    record.id,
    (_, { built }) => {
      if (!isBuilt) return { record: {}, state: { staging: 'failed' } };
      const tags = [...(built?.tags ?? []).filter((tag) => tag !== stageId), stageId];
      return { record: {}, state: { staging: 'done', built: { ...build, stageId, image, tags } } };
    },
    signal,
  );
  if (!isBuilt) throw stagingFailed(stageId, status);
  if (state.workload?.image === undefined) {
    // Nothing runs yet: whatever comes of the rollout, a later start without a push finds this image.
    const patch = { type: 'merge', patch: { spec: { imageurl: image } } } as const;
    await deps.kube.patch(appObjectRef(app), patch, { fieldManager: FIELD_MANAGER, signal });
  }
}

function stagingFailed(stageId: string, { message, lastLines = [] }: StagingStatus): EpinioError {
  const why = message === undefined || message === '' ? '' : `: ${message}`;
  const lines = lastLines.map((line) => `  ${line}`);
  return new EpinioError('STAGING_FAILED', `Failed to stage${why}`, {
    status: 500,
    details: [`stage-id = ${stageId}`, ...(lines.length === 0 ? [] : ['last log lines:', ...lines])],
  });
}

/** The sources that a request names are not in the store (any more). */
export function blobGone(blobUid: string): EpinioError {
  return new EpinioError('BLOB_NOT_FOUND', `blob '${blobUid}' does not exist`, {
    status: 400,
    fix: 'Upload the sources again',
  });
}
