import type { Caches } from '../apps/caches.ts';
import { annotations } from '../apps/labels.ts';
import { secretTexts } from '../apps/secret-data.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { Secret } from '../kube/kinds.ts';

/** Who may use the API: a labelled Secret in the platform's namespace. */
export interface User {
  readonly username: string;
  /** bcrypt. */
  readonly passwordHash: string;
  readonly roles: readonly UserRole[];
  readonly namespaces: readonly string[];
  readonly gitconfigs: readonly string[];
}

export interface UserRole {
  readonly id: string;
  /** Empty: everywhere. */
  readonly namespace: string;
}

/** Finds users by name, from memory. */
export class Users {
  readonly #secrets: Caches['users'];
  #byName: ReadonlyMap<string, readonly User[]> | undefined;

  constructor(secrets: Caches['users']) {
    this.#secrets = secrets;
    secrets.subscribe(() => (this.#byName = undefined));
  }

  /** Fails with the published 401s: unknown, or defined in two Secrets. */
  find(username: string): User {
    this.#byName ??= byName(this.#secrets.list());
    const [user, ...others] = this.#byName.get(username) ?? [];
    if (user === undefined) throw new EpinioError('USER_UNKNOWN', 'user not found', { status: 401 });
    if (others.length > 0) {
      throw new EpinioError('USER_AMBIGUOUS', 'user is defined multiple times', { status: 401 });
    }
    return user;
  }
}

/** True for the role that permits everything, everywhere. */
export function isAdmin({ roles }: User): boolean {
  return roles.some(({ id, namespace }) => id === 'admin' && namespace === '');
}

function byName(secrets: readonly Secret[]): Map<string, User[]> {
  const users = new Map<string, User[]>();
  for (const secret of secrets) {
    const user = readUser(secret);
    users.set(user.username, [...(users.get(user.username) ?? []), user]);
  }
  return users;
}

function readUser(secret: Secret): User {
  const { username = '', password = '', namespaces = '', gitconfigs = '' } = secretTexts(secret);
  return {
    username,
    passwordHash: password,
    roles: entries(secret.metadata.annotations?.[annotations.roles] ?? '', ',').map((text) => {
      const [id = '', namespace = ''] = text.split(':', 2);
      return { id, namespace };
    }),
    namespaces: entries(namespaces, '\n'),
    gitconfigs: entries(gitconfigs, '\n'),
  };
}

function entries(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
