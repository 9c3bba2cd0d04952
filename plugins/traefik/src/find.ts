import type { Detected, Kube, KubeObject, Service } from '@epinio/core';
import type { Config } from './config.ts';
import { RELEASE } from './resources.ts';

const SELECTOR = 'app.kubernetes.io/name=traefik';
/** Who serves a class, as Traefik says it. */
export const CONTROLLER = 'traefik.io/ingress-controller';

/** A Traefik that runs in the cluster. */
export interface FoundTraefik {
  readonly namespace: string;
  /** Deployments and DaemonSets. */
  readonly workloads: readonly KubeObject[];
  readonly service: Service | undefined;
}

/** Where a Traefik is expected; in any other place it is found only when the configuration says that it is there. */
function expected({ namespace }: Config): readonly string[] {
  return [...new Set([namespace, 'traefik', 'kube-system'])];
}

/** The Traefik that routes go to: the one in the first of the places. @returns undefined when there is none. */
export async function findTraefik(
  kube: Kube,
  config: Config,
  signal?: AbortSignal,
): Promise<FoundTraefik | undefined> {
  const options = { labelSelector: SELECTOR, ...(signal === undefined ? {} : { signal }) };
  const [deployments, daemonSets, labelled] = await Promise.all([
    kube.list({ apiVersion: 'apps/v1', kind: 'Deployment' }, options),
    kube.list({ apiVersion: 'apps/v1', kind: 'DaemonSet' }, options),
    kube.list<Service>({ apiVersion: 'v1', kind: 'Service' }, options),
  ]);
  const workloads = [
    ...deployments.items.map((item) => ({ ...item, apiVersion: 'apps/v1', kind: 'Deployment' })),
    ...daemonSets.items.map((item) => ({ ...item, apiVersion: 'apps/v1', kind: 'DaemonSet' })),
  ];
  const elsewhere = config.install ? [] : workloads.map(({ metadata }) => metadata.namespace ?? '');
  for (const namespace of [...expected(config), ...elsewhere]) {
    const here = workloads.filter(({ metadata }) => metadata.namespace === namespace);
    const services = labelled.items.filter(({ metadata }) => metadata.namespace === namespace);
    const service =
      services.find(({ metadata }) => metadata.name === RELEASE) ??
      services.find(({ spec }) => spec.type === 'LoadBalancer' || spec.type === 'NodePort') ??
      services[0] ??
      (await unlabelled(kube, namespace, signal));
    if (here.length > 0 || service !== undefined) return { namespace, workloads: here, service };
  }
  return undefined;
}

/** A Service of the name counts also when it was made by hand, as it always did. */
function unlabelled(kube: Kube, namespace: string, signal?: AbortSignal): Promise<Service | undefined> {
  return kube.get<Service>({ apiVersion: 'v1', kind: 'Service', namespace, name: RELEASE }, signal);
}

/** Looks in the namespaces `traefik` and `kube-system`, where also k3s and k3d have theirs. */
export async function detect(kube: Kube, config: Config): Promise<Detected> {
  if (!config.install) return { owner: 'absent' };
  const found = await findTraefik(kube, config);
  if (found === undefined) return { owner: 'absent' };
  const { namespace } = found;
  const { items } = await kube.list(
    { apiVersion: 'v1', kind: 'Secret', namespace },
    { labelSelector: `owner=helm,name=${RELEASE}` },
  );
  const isOurs = items.some(({ metadata }) => metadata.labels?.['epinio.io/plugin'] !== undefined);
  const version = versionOf(found);
  return {
    owner: isOurs ? 'epinio' : 'other',
    place: `namespace ${namespace}`,
    ...(version === undefined ? {} : { version }),
  };
}

function versionOf({ workloads }: FoundTraefik): string | undefined {
  return workloads[0]?.metadata.labels?.['app.kubernetes.io/version'] ?? imageTag(workloads[0]);
}

function imageTag(workload: KubeObject | undefined): string | undefined {
  const [container] = containersOf(workload);
  return /:([^:/@]+)(?:@|$)/.exec(container?.image ?? '')?.[1];
}

/** What its pods are started with. */
export function argumentsOf({ workloads }: FoundTraefik): readonly string[] {
  return workloads.flatMap((workload) => containersOf(workload).flatMap(({ args = [] }) => args));
}

interface ContainerFacts {
  readonly image?: string;
  readonly args?: readonly string[];
}

function containersOf(workload: KubeObject | undefined): readonly ContainerFacts[] {
  const spec = workload?.['spec'] as
    | { readonly template?: { readonly spec?: { readonly containers?: readonly ContainerFacts[] } } }
    | undefined;
  return spec?.template?.spec?.containers ?? [];
}
