import { EpinioError, hasCode } from '@epinio/core';
import type { Job, Kube, KubeObject, OwnerReference, StagingRequest, Storage } from '@epinio/core';
import type { Config } from '../config.ts';
import { hostEnvironment } from '../host-environment.ts';
import { stagingJob } from './job.ts';
import { runNames } from './labels.ts';
import { cacheClaim, environmentSecret, sourceSecret } from './objects.ts';

export interface StartOptions {
  readonly kube: Kube;
  readonly storage: Storage;
  readonly namespace: string;
  readonly config: Config;
  /** As nodes pull it. */
  readonly builderImage: string;
  readonly signal: AbortSignal | undefined;
}

/** A pod may wait for its turn before it fetches the sources. */
const LINK_SLACK_SECONDS = 300;

/**
 * Makes the objects of a run: first what its pod mounts, then the Job, then the Job becomes their owner, so
 * that they go with it. May be repeated after any interruption.
 */
export async function startRun(request: StagingRequest, options: StartOptions): Promise<void> {
  const { kube, namespace, signal, config } = options;
  const names = runNames(request);
  const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace, name: names.job };
  const present = await kube.get<Job>(ref, signal);
  if (present === undefined) await makeMounts(request, options);
  const job = present ?? (await createOrGet(kube, stagingJob(request, { ...options, config }), signal));
  await Promise.all(
    [names.environment, names.source].map((name) => own(kube, { namespace, name }, job, signal)),
  );
}

async function makeMounts(request: StagingRequest, options: StartOptions): Promise<void> {
  const { kube, storage, namespace, config, signal } = options;
  if ((await storage.info(request.blob, signal)) === undefined) {
    throw new EpinioError('STAGING_SOURCES_GONE', `The sources "${request.blob}" are not in the store`, {
      fix: 'Push again',
      status: 404,
    });
  }
  const expiresSeconds = config.buildTimeoutSeconds + LINK_SLACK_SECONDS;
  const url = await storage.readUrl(request.blob, { expiresSeconds });
  const environment = {
    ...hostEnvironment(config.hostVariables),
    ...config.environment,
    ...request.environment,
  };
  const objects = [
    cacheClaim(namespace, request, config),
    environmentSecret(namespace, request, environment),
    sourceSecret(namespace, request, url),
  ];
  await Promise.all(objects.map((object) => createOrGet<KubeObject>(kube, object, signal)));
}

/** Creates an object; one that is there stays as it is. */
async function createOrGet<T extends KubeObject>(
  kube: Kube,
  object: T,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await kube.create(object, signal);
  } catch (error) {
    if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
    const { apiVersion, kind, metadata } = object;
    const namespace = metadata.namespace ?? '';
    const present = await kube.get<T>({ apiVersion, kind, namespace, name: metadata.name }, signal);
    if (present === undefined) throw error;
    return present;
  }
}

async function own(
  kube: Kube,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  job: Job,
  signal: AbortSignal | undefined,
): Promise<void> {
  const owner: OwnerReference = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: job.metadata.name,
    uid: job.metadata.uid ?? '',
  };
  const patch = { metadata: { ownerReferences: [owner] } };
  try {
    await kube.patch(
      { apiVersion: 'v1', kind: 'Secret', namespace, name },
      { type: 'merge', patch },
      { fieldManager: 'epinio/embedded-builder', ...(signal !== undefined && { signal }) },
    );
  } catch (error) {
    // Somebody has removed the run meanwhile.
    if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
  }
}
