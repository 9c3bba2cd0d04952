import { hasCode } from '../kernel/errors.ts';
import type { Kube } from '../ports/kube.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import { userSecret } from './user-secret.ts';

/** Makes a user of the API unless there is one of that name, whose password then stays as it is. */
export async function ensureUser(
  kube: Kube,
  { namespace }: Pick<PlatformSettings, 'namespace'>,
  user: { readonly user: string; readonly password: string; readonly roles: readonly string[] },
  signal?: AbortSignal,
): Promise<void> {
  const { user: username, password, roles } = user;
  const { secret } = await userSecret({ namespace, username, password, roles });
  const { name } = secret.metadata;
  if ((await kube.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, signal)) !== undefined) return;
  try {
    await kube.create(secret, signal);
  } catch (error) {
    if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
  }
}
