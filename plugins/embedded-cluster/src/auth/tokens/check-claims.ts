import { stringAt } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { BoundClaims, ClaimedObject } from './claims.ts';

/** Of what is no token at all, or none that is known here. */
export const INVALID = 'invalid bearer token';

/** Why a token counts for nobody; the message may be told. */
export class TokenError extends Error {}

/** The newest version of an object that is stored; undefined when there is none. */
export type FindObject = (collection: string, key: string) => ApiObject | undefined;

/** Clocks of who issues tokens and who checks them may differ by this much. */
const LEEWAY_MS = 60_000;

const INVALIDATED = 'service account token has been invalidated';

/**
 * What a token is bound to must be there, as it was: the account, and a pod, secret or node. Fails with TokenError.
 * @param now milliseconds since the epoch
 */
export function checkBoundClaims(claims: BoundClaims, find: FindObject, now: number): void {
  if (now + LEEWAY_MS < claims.nbf * 1000) throw new TokenError('service account token is not valid yet');
  if (now - LEEWAY_MS > claims.exp * 1000) throw new TokenError('service account token has expired');
  if (now + LEEWAY_MS < claims.iat * 1000)
    throw new TokenError('service account token is issued in the future');
  const { namespace, serviceaccount, secret, pod, node } = claims['kubernetes.io'];
  const account = findAccount(find, namespace, serviceaccount.name);
  const uid = account.metadata.uid ?? '';
  if (uid !== serviceaccount.uid)
    throw new TokenError(`service account UID (${uid}) does not match claim (${serviceaccount.uid ?? ''})`);
  if (isGone(account, now))
    throw new TokenError(`service account ${namespace}/${serviceaccount.name} has been deleted`);
  const check = (kind: string, collection: string, key: string, claimed: ClaimedObject): void => {
    const object = find(collection, key);
    if (object === undefined) throw new TokenError(INVALIDATED);
    if (object.metadata.uid !== claimed.uid) {
      const [found = '', told = ''] = [object.metadata.uid, claimed.uid];
      const reference = `service account ${kind.toLowerCase()} ref claim (${told})`;
      throw new TokenError(`${kind} UID (${found}) does not match ${reference}`);
    }
    if (isGone(object, now)) throw new TokenError(INVALIDATED);
  };
  if (secret !== undefined) check('secret', '/secrets', `${namespace}/${secret.name}`, secret);
  if (pod !== undefined) check('pod', '/pods', `${namespace}/${pod.name}`, pod);
  else if (node !== undefined) check('node', '/nodes', node.name, node);
}

/** Fails with TokenError. */
export function findAccount(find: FindObject, namespace: string, name: string): ApiObject {
  const account = find('/serviceaccounts', `${namespace}/${name}`);
  if (account === undefined) throw new TokenError(`serviceaccounts "${name}" not found`);
  return account;
}

function isGone(object: ApiObject, now: number): boolean {
  const deletion = stringAt(object, 'metadata', 'deletionTimestamp');
  return deletion !== undefined && Date.parse(deletion) < now - LEEWAY_MS;
}
