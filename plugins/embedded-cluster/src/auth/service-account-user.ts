import { dnsLabel, dnsSubdomain } from '../schema/names.ts';

const PREFIX = 'system:serviceaccount:';

/** The user that a service account is. */
export function serviceAccountUser(namespace: string, name: string): string {
  return `${PREFIX}${namespace}:${name}`;
}

/** The groups that every service account of a namespace is in. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** The service account that a user is; undefined for any other user. */
export function splitServiceAccount(
  user: string,
): { readonly namespace: string; readonly name: string } | undefined {
  if (!user.startsWith(PREFIX)) return undefined;
  const [namespace = '', name = '', ...rest] = user.slice(PREFIX.length).split(':');
  const wellFormed = rest.length === 0 && dnsLabel(namespace).length === 0 && dnsSubdomain(name).length === 0;
  return wellFormed ? { namespace, name } : undefined;
}
