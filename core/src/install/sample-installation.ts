import type { KubeObject, Part, Probe } from '../kernel/component.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { Kube } from '../ports/kube.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import type { InstallComponent } from './install-component.ts';
import type { InstallOptions } from './install.ts';

// What the tests of the installer install: the platform's own parts and two components on them.

export const { signal } = new AbortController();
export const settings = { domain: 'a.example', namespace: 'epinio', tlsIssuer: 'epinio-ca' };

export function manifest(apiVersion: string, kind: string, name: string, more: object = {}): Part {
  const isCluster = ['Namespace', 'CustomResourceDefinition'].includes(kind);
  return {
    kind: 'manifest',
    object: { apiVersion, kind, metadata: { name, ...(isCluster ? {} : { namespace: 'epinio' }) }, ...more },
  };
}

export const definition = manifest(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'doors.example.com',
  {
    spec: {
      group: 'example.com',
      names: { kind: 'Door', plural: 'doors' },
      scope: 'Namespaced',
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  },
);
export const rollout: Probe = {
  kind: 'rollout',
  what: 'the web server',
  apiVersion: 'apps/v1',
  resourceKind: 'Deployment',
  namespace: 'epinio',
  name: 'web',
  timeoutSeconds: 5,
};
export const deployment = manifest('apps/v1', 'Deployment', 'web', {
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } },
  },
});

/** The platform's own parts, and two components on them. */
export function components(): InstallComponent[] {
  return [
    { id: 'epinio', needs: [], parts: [manifest('v1', 'Namespace', 'epinio'), definition], probes: [] },
    {
      id: 'door',
      plugin: { contract: 'ingress', use: 'door', config: { port: 1 } },
      needs: ['epinio'],
      parts: [
        manifest('example.com/v1', 'Door', 'front', { spec: { open: true } }),
        manifest('v1', 'ConfigMap', 'door', { data: { a: 'b' } }),
      ],
      probes: [],
    },
    { id: 'web', needs: ['door'], parts: [deployment], probes: [rollout] },
  ];
}

export function options(kube: Kube, more: Partial<InstallOptions> = {}): InstallOptions {
  return { kube, version: '1.2.3', settings, components: components(), signal, ...more };
}

export function cluster(objects: readonly KubeObject[] = []): FakeKube {
  return new FakeKube({ requireDefinitions: true, rollsOut: true, objects });
}

export function writesOf(kube: FakeKube): number {
  const { create, apply, patch, delete: removed } = kube.counts;
  return create + apply + patch + removed;
}

/** Everything that carries our label, by kind and name. */
export async function ours(kube: Kube): Promise<string[]> {
  const kinds = [
    ['v1', 'Namespace'],
    ['v1', 'ConfigMap'],
    ['apps/v1', 'Deployment'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    ['example.com/v1', 'Door'],
  ] as const;
  const lists = kinds.map(async ([apiVersion, kind]) => {
    const { items } = await kube.list(
      { apiVersion, kind },
      { labelSelector: 'app.kubernetes.io/managed-by=epinio' },
    );
    return items.map((item) => `${kind} ${item.metadata.name}`);
  });
  return (await Promise.all(lists)).flat();
}

export const ALL = [
  'Namespace epinio',
  'ConfigMap epinio-installation',
  'ConfigMap door',
  'Deployment web',
  'CustomResourceDefinition doors.example.com',
  'Door front',
].toSorted();

/** A cluster whose server or whose installer dies at the n-th write: before it has happened, or after. */
export function dying(kube: FakeKube, at: number, when: 'before' | 'after'): Kube {
  let count = 0;
  const dead = new EpinioError('KILLED', 'The process was killed', { fault: 'system' });
  return new Proxy<Kube>(kube, {
    get(target, name: keyof Kube) {
      return async (...args: unknown[]) => {
        if (count > at) throw dead;
        const isWrite = ['create', 'apply', 'patch', 'delete'].includes(name);
        if (isWrite && count++ === at && when === 'before') throw dead;
        const result: unknown = await (target[name] as (...all: unknown[]) => unknown).apply(target, args);
        if (isWrite && count > at) throw dead;
        return result;
      };
    },
  });
}
