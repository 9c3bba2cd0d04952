import type { KubeObject } from '../kernel/component.ts';
import type { Deployment, EventObject, IngressObject, Namespace, ReplicaSet, Secret } from '../kube/kinds.ts';
import type { Pod } from '../kube/pod-kinds.ts';
import type { Clock } from '../ports/clock.ts';
import type { Informer, Informers } from '../ports/informer.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import { APP_API_VERSION, type AppObject } from './app-object.ts';
import { APPLICATION_SELECTOR, labels } from './labels.ts';

/** The live copies that the platform reads from: every list and every status comes out of these, never from a call. */
export interface Caches {
  readonly apps: Informer<AppObject>;
  /** Settings of applications: environment, scaling, bindings, deployments. */
  readonly secrets: Informer<Secret>;
  readonly configurations: Informer<Secret>;
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  /** Of everybody: routes are compared with all of them. */
  readonly ingresses: Informer<IngressObject>;
  readonly namespaces: Informer<Namespace>;
  /** Of nodes that see an application listen on another port than it was told. */
  readonly portEvents: Informer<EventObject>;
  readonly users: Informer<Secret>;
  /** Resolves when all of them are in memory. */
  synced(signal?: AbortSignal): Promise<void>;
}

/** The label that makes a namespace one of ours. */
export const NAMESPACE_SELECTOR = `${labels.component}=epinio-namespace`;
export const USER_LABEL = 'epinio.io/api-user-credentials';

export function openCaches(informers: Informers, { namespace }: Pick<PlatformSettings, 'namespace'>): Caches {
  const application = { labelSelector: APPLICATION_SELECTOR };
  const caches = {
    apps: informers.open<AppObject>({ apiVersion: APP_API_VERSION, kind: 'App' }),
    secrets: informers.open<Secret>({ apiVersion: 'v1', kind: 'Secret' }, application),
    configurations: informers.open<Secret>(
      { apiVersion: 'v1', kind: 'Secret' },
      { labelSelector: `${labels.configuration}=true` },
    ),
    deployments: informers.open<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment' }, application),
    replicaSets: informers.open<ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, application),
    pods: informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' }, application),
    ingresses: informers.open<IngressObject>({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }),
    namespaces: informers.open<Namespace>(
      { apiVersion: 'v1', kind: 'Namespace' },
      { labelSelector: NAMESPACE_SELECTOR },
    ),
    portEvents: informers.open<EventObject>(
      { apiVersion: 'v1', kind: 'Event' },
      { fieldSelector: 'reason=PortIgnored' },
    ),
    users: informers.open<Secret>(
      { apiVersion: 'v1', kind: 'Secret', namespace },
      { labelSelector: `${USER_LABEL}=true` },
    ),
  };
  return {
    ...caches,
    async synced(signal) {
      await Promise.all(Object.values(caches).map((informer) => informer.synced(signal)));
    },
  };
}

/** How long a reader's own write may take to come back to it. */
const CATCH_UP_MS = 2_000;

/**
 * Waits until a copy has seen a write, so that who wrote also reads it. Returns after two seconds in any case: the
 * write itself is done, and a slow watch must not make it fail.
 */
export async function seen(informer: Informer<KubeObject>, written: KubeObject, clock: Clock): Promise<void> {
  const { namespace, name, uid, resourceVersion } = written.metadata;
  await caughtUp(informer, clock, () => {
    const known = informer.get(namespace, name);
    return (
      known !== undefined &&
      known.metadata.uid === uid &&
      isAtLeast(known.metadata.resourceVersion, resourceVersion)
    );
  });
}

/** Waits until a copy has seen that an object is gone, or has been replaced by another of its name. */
export async function seenGone(
  informer: Informer<KubeObject>,
  gone: { readonly namespace?: string; readonly name: string; readonly uid?: string },
  clock: Clock,
): Promise<void> {
  await caughtUp(informer, clock, () => {
    const known = informer.get(gone.namespace, gone.name);
    return known === undefined || (gone.uid !== undefined && known.metadata.uid !== gone.uid);
  });
}

async function caughtUp(informer: Informer<KubeObject>, clock: Clock, done: () => boolean): Promise<void> {
  if (done()) return;
  const over = new AbortController();
  let unsubscribe: () => void = () => undefined;
  const change = new Promise<void>((resolve) => {
    unsubscribe = informer.subscribe(() => {
      if (done()) resolve();
    });
  });
  const timeout = clock.sleep(CATCH_UP_MS, over.signal);
  timeout.catch(() => undefined); // aborted below, when the change was seen first
  try {
    if (!done()) await Promise.race([change, timeout]);
  } finally {
    unsubscribe();
    over.abort();
  }
}

/** Resource versions are whole numbers that grow (Kubernetes 1.35 says so); where they are not, only equality counts. */
function isAtLeast(known = '', wanted = ''): boolean {
  if (known === wanted) return true;
  return /^\d+$/.test(known) && /^\d+$/.test(wanted) && BigInt(known) > BigInt(wanted);
}
