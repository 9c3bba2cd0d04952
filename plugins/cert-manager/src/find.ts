import type { Detected, Kube, KubeObject } from '@epinio/core';
import type { Config } from './config.ts';
import { RELEASE } from './resources.ts';

const SELECTOR = 'app.kubernetes.io/name=cert-manager,app.kubernetes.io/component=controller';

/** A cert-manager that runs in the cluster, in whatever namespace: there must not be two. */
export interface FoundCertManager {
  readonly namespace: string;
  readonly version: string | undefined;
  /** Where it looks for the Secrets of ClusterIssuers. */
  readonly resourceNamespace: string;
}

export async function findCertManager(
  kube: Kube,
  signal?: AbortSignal,
): Promise<FoundCertManager | undefined> {
  const { items } = await kube.list(
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { labelSelector: SELECTOR, ...(signal === undefined ? {} : { signal }) },
  );
  const [controller] = items;
  if (controller === undefined) return undefined;
  const { namespace = '' } = controller.metadata;
  const { image = '', args = [] } = containerOf(controller);
  const [, given] = args.map((arg) => /^--cluster-resource-namespace=(.*)$/.exec(arg)).find(Boolean) ?? [];
  const named = given === undefined || given === '$(POD_NAMESPACE)' ? namespace : given;
  return { namespace, version: /:(v[^:/@]+)/.exec(image)?.[1], resourceNamespace: named };
}

interface ContainerFacts {
  readonly image?: string;
  readonly args?: readonly string[];
}

function containerOf(controller: KubeObject): ContainerFacts {
  const spec = controller['spec'] as
    | { readonly template?: { readonly spec?: { readonly containers?: readonly ContainerFacts[] } } }
    | undefined;
  return spec?.template?.spec?.containers?.[0] ?? {};
}

/** Looks in all namespaces. */
export async function detect(kube: Kube, config: Config): Promise<Detected> {
  const found = config.install ? await findCertManager(kube) : undefined;
  if (found === undefined) return { owner: 'absent' };
  const { namespace, version } = found;
  const { items } = await kube.list(
    { apiVersion: 'v1', kind: 'Secret', namespace },
    { labelSelector: `owner=helm,name=${RELEASE}` },
  );
  const isOurs = items.some(({ metadata }) => metadata.labels?.['epinio.io/plugin'] !== undefined);
  return {
    owner: isOurs ? 'epinio' : 'other',
    place: `namespace ${namespace}`,
    ...(version === undefined ? {} : { version }),
  };
}
