import { annotations, FIELD_MANAGER, labels } from '../apps/labels.ts';
import { textToBase64 } from '../apps/secret-data.ts';
import type { Registry, RegistryAuths } from '../contracts/registry.ts';
import type { SecretSync } from '../contracts/secret-sync.ts';
import { REGISTRY_NAMESPACE } from '../deployments/images.ts';
import type { Secret } from '../kube/kinds.ts';
import { REGISTRY_SECRET } from '../namespaces/namespace-objects.ts';
import type { Kube } from '../ports/kube.ts';

export interface RegistrySecretDeps {
  readonly kube: Kube;
  readonly registry: Registry;
  readonly secretSync: SecretSync;
  /** The platform's. */
  readonly namespace: string;
}

/** Stores the registry's credentials where builders and nodes find them; copies follow into the namespaces of applications. */
export async function applyRegistrySecret(deps: RegistrySecretDeps, signal: AbortSignal): Promise<void> {
  const auths = await deps.registry.credentials(signal);
  await deps.kube.apply(registrySecret(deps, auths), { fieldManager: FIELD_MANAGER, signal });
}

function registrySecret(
  { secretSync, namespace }: Pick<RegistrySecretDeps, 'secretSync' | 'namespace'>,
  auths: RegistryAuths,
): Secret {
  const source = secretSync.sourceMetadata(REGISTRY_SECRET);
  const entries = Object.entries(auths).map(([host, { username, password }]) => [
    host,
    { username, password, auth: textToBase64(`${username}:${password}`) },
  ]);
  const config = JSON.stringify({ auths: Object.fromEntries(entries) as unknown });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: REGISTRY_SECRET,
      namespace,
      labels: { [labels.managedBy]: 'epinio', ...source.labels },
      annotations: { [annotations.registryNamespace]: REGISTRY_NAMESPACE, ...source.annotations },
    },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': textToBase64(config) },
  };
}
