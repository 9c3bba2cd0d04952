import { randomBytes } from 'node:crypto';
import { USER_LABEL } from '../apps/caches.ts';
import { annotations, labels } from '../apps/labels.ts';
import { templateName } from '../apps/names.ts';
import { textToBase64 } from '../apps/secret-data.ts';
import type { Secret } from '../kube/kinds.ts';

export interface UserOptions {
  /** The platform's. */
  readonly namespace: string;
  readonly username: string;
  /** Absent: one is generated. */
  readonly password?: string;
  /** `<role>` or `<role>:<namespace>`. */
  readonly roles: readonly string[];
}

const BCRYPT_COST = 10;
/** 144 bits. */
const PASSWORD_BYTES = 18;

/** A user of the API as the Secret that makes one, and the password, which is nowhere else in clear. */
export async function userSecret(
  options: UserOptions,
): Promise<{ readonly secret: Secret; readonly password: string }> {
  const {
    namespace,
    username,
    roles,
    password = randomBytes(PASSWORD_BYTES).toString('base64url'),
  } = options;
  const { hash } = await import('bcryptjs');
  const data = { username, password: await hash(password, BCRYPT_COST) };
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: templateName(`user-${username}`),
      namespace,
      labels: { [USER_LABEL]: 'true', [labels.managedBy]: 'epinio' },
      annotations: { [annotations.roles]: roles.join(',') },
    },
    type: 'BasicAuth',
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, textToBase64(value)])),
  };
  return { secret, password };
}

/** The first user, who may do everything. */
export function adminUser(options: {
  readonly namespace: string;
  readonly username?: string;
  readonly password?: string;
}): ReturnType<typeof userSecret> {
  return userSecret({ username: 'admin', ...options, roles: ['admin'] });
}
