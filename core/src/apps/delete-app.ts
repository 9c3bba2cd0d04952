import type { Builder } from '../contracts/builder.ts';
import type { Registry } from '../contracts/registry.ts';
import type { Storage } from '../contracts/storage.ts';
import type { Deployments } from '../deployments/deployments.ts';
import type { AppState } from '../deployments/app-state.ts';
import { stateSecretName } from '../deployments/app-state.ts';
import { repositoryName } from '../deployments/images.ts';
import { removeObjects } from '../deployments/remove-objects.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Informers } from '../ports/informer.ts';
import type { Kube, ObjectRef } from '../ports/kube.ts';
import { type AppName, type AppObject, appObjectRef } from './app-object.ts';
import type { AppQueries } from './app-queries.ts';
import { type Caches, seenGone } from './caches.ts';
import { labels } from './labels.ts';
import { appSecretNames } from './names.ts';
import { notFound } from './published-errors.ts';
import { shownDuration, type Timeouts } from './timeouts.ts';

export interface DeleteAppDeps {
  readonly kube: Kube;
  readonly informers: Pick<Informers, 'waitFor'>;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly storage: Pick<Storage, 'delete'>;
  readonly registry: Pick<Registry, 'delete'>;
  readonly builder: Pick<Builder, 'prune'>;
  readonly deployments: Pick<Deployments, 'abandon'>;
  readonly queries: AppQueries;
  readonly timeouts: Timeouts;
}

export interface DeleteOutcome {
  /** Names of the configurations that were bound to it. */
  readonly unbound: readonly string[];
  /** What could not be removed beside the application itself. */
  readonly warnings: readonly string[];
}

/**
 * Removes an application: what runs, its settings, sources, staging runs and, on request, its images; waits until its
 * instances have ended. The App object goes last, so that an interrupted deletion can be repeated. Fails with the
 * published 404.
 */
export async function deleteApp(
  deps: DeleteAppDeps,
  app: AppName,
  options: { readonly deleteImage?: boolean; readonly signal?: AbortSignal } = {},
): Promise<DeleteOutcome> {
  const { signal } = options;
  const object = await deps.kube.get<AppObject>(appObjectRef(app), signal);
  if (object === undefined) throw notFound('application', app.name);
  await deps.deployments.abandon(app, signal);
  const state = deps.queries.state(app);
  const unbound = Object.keys(bindings(deps, app));
  await removeObjects(deps.kube, state.workload?.objects ?? [], signal);
  const warnings = await dropLeftovers(deps, app, object, state, options);
  if (!(await podsGone(deps, app, signal))) {
    warnings.push(
      `instances of application '${app.name}' have not ended after ${shownDuration(deps.timeouts.deploymentMs)}`,
    );
  }
  await removeObjects(deps.kube, settingRefs(app), signal);
  await deps.kube.delete(appObjectRef(app), signal === undefined ? {} : { signal });
  const { metadata } = object;
  await seenGone(
    deps.caches.apps,
    { ...app, ...(metadata.uid === undefined ? {} : { uid: metadata.uid }) },
    deps.clock,
  );
  return { unbound, warnings };
}

function bindings({ caches }: DeleteAppDeps, { namespace, name }: AppName): Readonly<Record<string, string>> {
  return caches.secrets.get(namespace, appSecretNames(name).configurations)?.data ?? {};
}

/** What lies outside the application's namespace. A failure there is a warning: the application is to go all the same. */
async function dropLeftovers(
  deps: DeleteAppDeps,
  app: AppName,
  { spec }: AppObject,
  state: AppState,
  { deleteImage, signal }: { readonly deleteImage?: boolean; readonly signal?: AbortSignal },
): Promise<string[]> {
  const blobs = [
    spec.blobuid,
    ...state.records.flatMap((record) => [record.blobUid, record.replacedBlobUid]),
  ];
  const tags = deleteImage === true ? (state.built?.tags ?? []) : [];
  const jobs: readonly (readonly [string, Promise<unknown>])[] = [
    ...[...new Set(blobs)]
      .filter((uid): uid is string => uid !== undefined && uid !== '')
      .map((uid) => [`sources '${uid}'`, deps.storage.delete(uid, signal)] as const),
    ['staging runs', deps.builder.prune(app, undefined, signal)],
    ...tags.map((tag) => [`image '${tag}'`, deps.registry.delete(repositoryName(app), tag, signal)] as const),
  ];
  const results = await Promise.allSettled(jobs.map(([, job]) => job));
  signal?.throwIfAborted();
  return results.flatMap((result, index) =>
    result.status === 'fulfilled'
      ? []
      : [
          `${jobs[index]?.[0] ?? ''} of application '${app.name}' could not be removed: ${messageOf(result.reason)}`,
        ],
  );
}

/** @returns false when some are still there after the published time. */
async function podsGone(
  { caches, clock, timeouts }: DeleteAppDeps,
  app: AppName,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = clock.elapsed() + timeouts.deploymentMs;
  const areThere = (): boolean =>
    caches.pods.list(app.namespace).some(({ metadata }) => metadata.labels?.[labels.name] === app.name);
  for (let pause = 20; areThere(); pause = Math.min(pause * 2, 500)) {
    if (clock.elapsed() >= deadline) return false;
    await clock.sleep(pause, signal);
  }
  return true;
}

function settingRefs({ namespace, name }: AppName): ObjectRef[] {
  const names = [...Object.values(appSecretNames(name)), stateSecretName(name)];
  return names.map((secret) => ({ apiVersion: 'v1', kind: 'Secret', namespace, name: secret }));
}
