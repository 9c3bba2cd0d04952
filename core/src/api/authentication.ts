import { EpinioError, isEpinioError } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { LoginThrottle } from '../users/login-throttle.ts';
import { PasswordCheck } from '../users/password-check.ts';
import { isAdmin, type User, type Users } from '../users/users.ts';
import { type ApiContext, clientAddress } from './context.ts';

export interface AuthenticationDeps {
  readonly users: Users;
  readonly clock: Pick<Clock, 'now'>;
}

/** Finds out who asks. */
export interface Authentication {
  /** By the `Authorization` header. Fails with the published 401s, and with 429 after too many failures. */
  user(c: ApiContext): Promise<User>;
}

export function createAuthentication({ users, clock }: AuthenticationDeps): Authentication {
  const passwords = new PasswordCheck();
  const throttle = new LoginThrottle(clock);

  async function basic(c: ApiContext, encoded: string): Promise<User> {
    const { username, password } = decodeBasic(encoded);
    const address = clientAddress(c);
    const known = findOrUndefined(users, username);
    // Who is known to be right is not held up by somebody else's failures behind the same address.
    if (known !== undefined && passwords.isRemembered(known, password)) return known;
    const seconds = throttle.retryAfterSeconds(username, address);
    if (seconds > 0) throw tooMany(c, seconds);
    try {
      const user = users.find(username);
      if (await passwords.isRight(user, password)) {
        throttle.succeeded(username, address);
        return user;
      }
    } catch (error) {
      if (isEpinioError(error) && error.status === 401) throttle.failed(username, address);
      throw error;
    }
    throttle.failed(username, address);
    throw unauthorized('LOGIN_WRONG', 'wrong user or password');
  }

  return {
    async user(c) {
      const header = c.req.header('authorization') ?? '';
      if (header === '') throw unauthorized('LOGIN_MISSING', 'missing credentials');
      if (header.startsWith('Basic ')) return basic(c, header.slice('Basic '.length));
      throw unauthorized('LOGIN_UNSUPPORTED', 'not supported Authorization Header');
    },
  };
}

/** Until there are roles: everything is permitted to the administrator, and nothing to others. */
export function checkPermitted(user: User): void {
  if (!isAdmin(user)) throw new EpinioError('USER_UNAUTHORIZED', 'user unauthorized', { status: 403 });
}

function findOrUndefined(users: Users, username: string): User | undefined {
  try {
    return users.find(username);
  } catch {
    return undefined; // said by the second look, after the throttle
  }
}

function decodeBasic(encoded: string): { username: string; password: string } {
  const text = Buffer.from(encoded.trim(), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded.trim());
  if (!isBase64 || colon < 0) {
    throw new EpinioError('LOGIN_UNREADABLE', "Couldn't extract user or password from the auth header", {
      status: 500,
    });
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function unauthorized(code: string, title: string): EpinioError {
  return new EpinioError(code, title, { status: 401 });
}

function tooMany(c: ApiContext, seconds: number): EpinioError {
  c.header('Retry-After', String(seconds));
  return new EpinioError('LOGIN_THROTTLED', `too many failed logins, try again in ${seconds} s`, {
    status: 429,
  });
}
