import {
  EpinioError,
  type Kube,
  type Pod,
  type RegistryAuths,
  type Secret,
  type ServiceAccount,
} from '@epinio/core';

/** `auths` of a Docker config file: user and password, or both in base64. */
interface DockerConfig {
  readonly auths?: Readonly<
    Record<string, { readonly username?: string; readonly password?: string; readonly auth?: string }>
  >;
}

/**
 * Credentials for the pod's images, from its own imagePullSecrets and its service account's. Secrets that are
 * not there are passed over, as the kubelet does: the pull then fails by itself if it needed them.
 */
export async function pullCredentials(kube: Kube, pod: Pod): Promise<RegistryAuths> {
  const { namespace = 'default' } = pod.metadata;
  const account = await kube.get<ServiceAccount>({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    namespace,
    name: pod.spec.serviceAccountName ?? 'default',
  });
  const names = [...(account?.imagePullSecrets ?? []), ...(pod.spec.imagePullSecrets ?? [])].map(
    ({ name }) => name,
  );
  const auths: Record<string, { username: string; password: string }> = {};
  for (const name of new Set(names)) {
    const secret = await kube.get<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace, name });
    if (secret !== undefined) Object.assign(auths, readPullSecret(secret));
  }
  return auths;
}

/** Pure: registry hosts with user and password. Fails with `PULL_SECRET_INVALID`. */
export function readPullSecret({ metadata, data = {} }: Secret): RegistryAuths {
  const encoded = data['.dockerconfigjson'] ?? data['.dockercfg'];
  if (encoded === undefined) return {};
  const auths: Record<string, { username: string; password: string }> = {};
  for (const [server, entry] of Object.entries(parse(encoded, metadata.name))) {
    const [user = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
      .toString()
      .split(':');
    auths[registryHost(server)] = {
      username: entry.username ?? user,
      password: entry.password ?? rest.join(':'),
    };
  }
  return auths;
}

function parse(encoded: string, secret: string): NonNullable<DockerConfig['auths']> {
  try {
    const config = JSON.parse(Buffer.from(encoded, 'base64').toString()) as DockerConfig;
    return config.auths ?? (config as NonNullable<DockerConfig['auths']>);
  } catch {
    // The parser's message would quote the secret.
    throw new EpinioError('PULL_SECRET_INVALID', `Secret "${secret}" is no Docker config file`, {
      fix: 'Make it anew with "kubectl create secret docker-registry"',
    });
  }
}

/** Docker config files have hosts as URLs, too; Docker Hub's is historical. */
function registryHost(server: string): string {
  const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? server;
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
