import { labels } from '../apps/labels.ts';
import type { Mesh, MetadataPatch } from '../contracts/mesh.ts';
import type { SecretSync } from '../contracts/secret-sync.ts';
import type { Namespace, ServiceAccount } from '../kube/kinds.ts';

/** The Secret with which nodes pull application images, and the group in which it is copied to namespaces. */
export const REGISTRY_SECRET = 'registry-creds';

export interface NamespaceDeps {
  readonly mesh: Pick<Mesh, 'namespaceMetadata'>;
  readonly secretSync: Pick<SecretSync, 'targetMetadata'>;
}

/** A namespace for applications: in the mesh, and among those that get copies of the registry's credentials. */
export function namespaceObject({ mesh, secretSync }: NamespaceDeps, name: string): Namespace {
  const parts: readonly MetadataPatch[] = [
    mesh.namespaceMetadata(),
    secretSync.targetMetadata(REGISTRY_SECRET),
    { labels: { [labels.component]: 'epinio-namespace', [labels.managedBy]: 'epinio' }, annotations: {} },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: Object.assign({}, ...parts.map((part) => part.labels)) as Record<string, string>,
      annotations: Object.assign({}, ...parts.map((part) => part.annotations)) as Record<string, string>,
    },
  };
}

/** Who the applications of a namespace are; none of them can speak to the cluster in its name. */
export function serviceAccountObject(namespace: string): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: namespace, namespace, labels: { [labels.managedBy]: 'epinio' } },
    imagePullSecrets: [{ name: REGISTRY_SECRET }],
    automountServiceAccountToken: false,
  };
}
