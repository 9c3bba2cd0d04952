import { labels } from '../apps/labels.ts';
import type { Kube } from '../ports/kube.ts';
import { poll } from '../install/poll.ts';
import { serverObjects, type PublicRouteDeps } from './public-route.ts';

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' } as const;
const APPLICATIONS = `${labels.component}=epinio-namespace,${labels.managedBy}=epinio`;
const GONE_MS = 5 * 60_000;

export interface RemovePlatformOptions {
  readonly kube: Kube;
  readonly signal: AbortSignal;
  /** Told of each namespace before it is removed. */
  readonly onNamespace?: (name: string) => void;
}

/**
 * Removes what the server has made, before the components under it go: the namespaces of applications with all that
 * is in them, and its own public route. Succeeds when it is already gone.
 */
export async function removePlatform(
  deps: Pick<PublicRouteDeps, 'ingress' | 'certs' | 'settings'>,
  { kube, signal, onNamespace }: RemovePlatformOptions,
): Promise<void> {
  const { items } = await kube.list(NAMESPACE, { labelSelector: APPLICATIONS, signal });
  for (const { metadata } of items) onNamespace?.(metadata.name);
  await Promise.all(
    items.map(({ metadata }) => kube.delete({ ...NAMESPACE, name: metadata.name }, { signal })),
  );
  for (const { apiVersion, kind, metadata } of serverObjects(deps, 1)) {
    const namespace = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
    await kube.delete({ apiVersion, kind, ...namespace, name: metadata.name }, { signal });
  }
  await poll(
    async () => {
      const left = await kube.list(NAMESPACE, { labelSelector: APPLICATIONS, signal });
      const [first] = left.items;
      return first === undefined ? undefined : whyThere(first);
    },
    {
      timeoutMs: GONE_MS,
      signal,
      code: 'UNINSTALL_TIMEOUT',
      message: 'The namespaces of applications were not gone',
      fix: 'look at what holds them: kubectl get namespaces -o yaml',
    },
  );
}

/** A namespace that does not go says why in its conditions. */
function whyThere(namespace: {
  readonly metadata: { readonly name: string };
  readonly status?: unknown;
}): string {
  const { conditions = [] } = (namespace.status ?? {}) as {
    readonly conditions?: readonly { readonly status: string; readonly message?: string }[];
  };
  const messages = conditions
    .filter(({ status }) => status === 'True')
    .flatMap(({ message }) => message ?? []);
  return [`"${namespace.metadata.name}" is still there`, ...messages].join('; ');
}
