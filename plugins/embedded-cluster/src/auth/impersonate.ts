import type { IncomingMessage } from 'node:http';
import { badRequest } from '../status.ts';
import type { Authorizer } from './authorize/authorizer.ts';
import { serviceAccountGroups, splitServiceAccount } from './service-account-user.ts';
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, type User } from './user.ts';

const EXTRA = 'impersonate-extra-';

/**
 * Who a request is to count as coming from: `kubectl --as`. The user itself when there is no such header.
 * Fails with 403 when it may not be that user, 400 for groups without a user.
 */
export function impersonated(request: IncomingMessage, user: User, authorizer: Authorizer): User {
  const { headersDistinct: headers } = request;
  const name = headers['impersonate-user']?.[0] ?? '';
  const given = headers['impersonate-group'] ?? [];
  const uid = headers['impersonate-uid']?.[0] ?? '';
  const extra = extraOf(headers);
  if (name === '') {
    if (given.length === 0 && uid === '' && Object.keys(extra).length === 0) return user;
    throw badRequest(`requested ${requested(given, extra, uid)} without impersonating a user`);
  }
  const require = (
    resource: string,
    of: string,
    more: { group?: string; namespace?: string; subresource?: string } = {},
  ): void => {
    authorizer.require(user, {
      ...{ group: '', namespace: '', subresource: '', ...more },
      ...{ verb: 'impersonate', resource, name: of },
    });
  };
  const account = splitServiceAccount(name);
  if (account === undefined) require('users', name);
  else require('serviceaccounts', account.name, { namespace: account.namespace });
  for (const group of given) require('groups', group);
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values)
      require('userextras', value, { group: 'authentication.k8s.io', subresource: key });
  }
  if (uid !== '') require('uids', uid, { group: 'authentication.k8s.io' });
  const groups = given.length > 0 || account === undefined ? given : serviceAccountGroups(account.namespace);
  return {
    name,
    groups: withStanding(name, groups),
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Everybody is in one of the two groups that say whether somebody is known. */
function withStanding(name: string, groups: readonly string[]): readonly string[] {
  if (name === ANONYMOUS.name)
    return groups.includes(UNAUTHENTICATED) ? groups : [...groups, UNAUTHENTICATED];
  return groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED)
    ? groups
    : [...groups, AUTHENTICATED];
}

function extraOf(headers: IncomingMessage['headersDistinct']): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [header, values = []] of Object.entries(headers)) {
    if (!header.startsWith(EXTRA)) continue;
    const key = unescaped(header.slice(EXTRA.length));
    extra[key] = [...(extra[key] ?? []), ...values];
  }
  return extra;
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // as the real one: what is malformed stays as it is
  }
}

const AUTHENTICATION = 'authentication.k8s.io/v1';

/** What was asked for, as the real server prints its references: kind, name, group and version, field. */
function requested(
  groups: readonly string[],
  extra: Readonly<Record<string, readonly string[]>>,
  uid: string,
): string {
  const references = [
    ...groups.map((group) => `{Group  ${group}    }`),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => `{UserExtra  ${value}  ${AUTHENTICATION}  ${key}}`),
    ),
    ...(uid === '' ? [] : [`{UID  ${uid}  ${AUTHENTICATION}  }`]),
  ];
  return `[${references.join(' ')}]`;
}
