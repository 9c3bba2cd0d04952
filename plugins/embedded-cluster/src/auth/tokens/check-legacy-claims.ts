import { timingSafeEqual } from 'node:crypto';
import { stringAt } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { serviceAccountUser } from '../service-account-user.ts';
import { findAccount, TokenError, type FindObject } from './check-claims.ts';
import type { LegacyClaims } from './claims.ts';

const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';
const INVALIDATED = 'Token has been invalidated';

/** The day on which a token in a Secret was last used, UTC: a label of the Secret. */
export const LAST_USED = 'kubernetes.io/legacy-token-last-used';

/** A token in a Secret counts as long as the Secret holds it, and the account is there. Fails with TokenError. @returns the Secret */
export function checkLegacyClaims(token: string, claims: LegacyClaims, find: FindObject): ApiObject {
  const namespace = claim(claims, 'namespace', 'namespace');
  const secretName = claim(claims, 'secret.name', 'secretName');
  const name = claim(claims, 'service-account.name', 'serviceAccountName');
  const uid = claim(claims, 'service-account.uid', 'serviceAccountUID');
  if (claims.sub !== serviceAccountUser(namespace, name)) throw new TokenError('sub claim is invalid');
  const secret = find('/secrets', `${namespace}/${secretName}`);
  if (secret?.metadata.deletionTimestamp !== undefined || secret === undefined)
    throw new TokenError(INVALIDATED);
  if (!isSame(Buffer.from(stringAt(secret, 'data', 'token') ?? '', 'base64'), Buffer.from(token)))
    throw new TokenError("Token does not match server's copy");
  const { metadata } = findAccount(find, namespace, name);
  if (metadata.deletionTimestamp !== undefined)
    throw new TokenError(`ServiceAccount ${namespace}/${name} has been deleted`);
  if (metadata.uid !== uid)
    throw new TokenError(`ServiceAccount UID (${metadata.uid ?? ''}) does not match claim (${uid})`);
  if ((secret.metadata.labels?.[INVALID_SINCE] ?? '') !== '') {
    throw new TokenError(
      `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`,
    );
  }
  return secret;
}

function claim(claims: LegacyClaims, field: string, called: string): string {
  const value = stringAt(claims, `kubernetes.io/serviceaccount/${field}`) ?? '';
  if (value === '') throw new TokenError(`${called} claim is missing`);
  return value;
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
