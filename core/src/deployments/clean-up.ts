import type { AppName } from '../apps/app-object.ts';
import { messageOf } from '../kernel/errors.ts';
import type { AppState } from './app-state.ts';
import { type DeploymentDeps, lockOn } from './deps.ts';
import { repositoryName } from './images.ts';
import { isFinished, isStaging } from './record.ts';

/** Images that stay in the registry besides the one that runs: enough to go back by hand. */
const KEPT_IMAGES = 5;

/**
 * After a success: removes the sources, staging runs and images that nobody needs any more. What cannot be removed now
 * is tried again after the next success, so a failure is only logged.
 */
export async function cleanUp(deps: DeploymentDeps, app: AppName, signal: AbortSignal): Promise<void> {
  const state = deps.states.get(app);
  const jobs = [
    dropBlobs(deps, app, state, signal),
    dropRuns(deps, app, signal),
    dropImages(deps, app, state, signal),
  ];
  for (const result of await Promise.allSettled(jobs)) {
    if (result.status === 'rejected' && !signal.aborted) {
      deps.log.warn('Clean-up after a deployment is not complete', {
        ...app,
        error: messageOf(result.reason),
      });
    }
  }
}

async function dropBlobs(
  deps: DeploymentDeps,
  app: AppName,
  state: AppState,
  signal: AbortSignal,
): Promise<void> {
  const current = deps.caches.apps.get(app.namespace, app.name)?.spec.blobuid;
  const needed = new Set(state.records.filter((record) => !isFinished(record)).map(({ blobUid }) => blobUid));
  const known = state.records.flatMap(({ blobUid, replacedBlobUid }) => [blobUid, replacedBlobUid]);
  for (const uid of new Set(known)) {
    if (uid !== undefined && uid !== current && !needed.has(uid)) await deps.storage.delete(uid, signal);
  }
}

async function dropRuns(deps: DeploymentDeps, app: AppName, signal: AbortSignal): Promise<void> {
  await deps.locks.run(lockOn.runs(app), async () => {
    const { built, records } = deps.states.get(app);
    // A push that is being built meanwhile cleans up after itself.
    if (built !== undefined && !records.some(isStaging)) await deps.builder.prune(app, built.stageId, signal);
  });
}

async function dropImages(
  deps: DeploymentDeps,
  app: AppName,
  state: AppState,
  signal: AbortSignal,
): Promise<void> {
  const { built, workload } = state;
  if (built === undefined || built.tags.length <= KEPT_IMAGES) return;
  const old = built.tags.slice(0, -KEPT_IMAGES).filter((tag) => tag !== workload?.stageId);
  for (const tag of old) await deps.registry.delete(repositoryName(app), tag, signal);
  await deps.states.update(
    app,
    (present) =>
      present.built === undefined
        ? undefined
        : {
            ...present,
            built: { ...present.built, tags: present.built.tags.filter((tag) => !old.includes(tag)) },
          },
    signal,
  );
}
