import { EpinioError, type Kube, type PlatformSettings, type Secret } from '@epinio/core';
import type { Config } from './config.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How long what a Secret says is used: a rotated one is taken up by then. */
const REUSE_MS = 60_000;

/**
 * Where keys come from: the options, a Secret of the platform's namespace, or, when undefined, what the SDK finds by
 * itself: variables, a shared file, the role of the pod or the machine.
 */
export function credentialsOf(
  { accessKeyId, secretAccessKey, credentialsSecret }: Config,
  { kube, settings }: { readonly kube: Kube; readonly settings: PlatformSettings },
): (() => Promise<Credentials & { readonly expiration?: Date }>) | undefined {
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return async () => ({ accessKeyId, secretAccessKey });
  if (credentialsSecret === undefined) return undefined;
  const { namespace } = settings;
  return async () => ({
    ...(await readSecret(kube, namespace, credentialsSecret)),
    expiration: new Date(Date.now() + REUSE_MS),
  });
}

async function readSecret(kube: Kube, namespace: string, name: string): Promise<Credentials> {
  const secret = await kube.get<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace, name });
  const value = (...keys: readonly string[]): string | undefined => {
    const found = keys.map((key) => secret?.data?.[key]).find((data) => data !== undefined);
    return found === undefined ? undefined : Buffer.from(found, 'base64').toString().trim();
  };
  const accessKeyId = value('accesskey', 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = value('secretkey', 'AWS_SECRET_ACCESS_KEY');
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  const fact = secret === undefined ? 'does not exist' : 'has no keys "accesskey" and "secretkey"';
  throw new EpinioError(
    'STORAGE_CREDENTIALS_MISSING',
    `The Secret "${name}" in namespace "${namespace}" ${fact}`,
    {
      fix: `kubectl -n ${namespace} create secret generic ${name} --from-literal=accesskey=… --from-literal=secretkey=…`,
      fault: 'system',
    },
  );
}
