import { randomUUID } from 'node:crypto';
import { messageOf, type Log } from '@epinio/core';
import { internalRequest } from '../../registry/internal-request.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { serviceAccountGroups, serviceAccountUser } from '../service-account-user.ts';
import { authenticated, type User } from '../user.ts';
import { checkBoundClaims, TokenError, type FindObject } from './check-claims.ts';
import { checkLegacyClaims, LAST_USED } from './check-legacy-claims.ts';
import { ISSUER, LEGACY_ISSUER, type BoundClaims, type LegacyClaims } from './claims.ts';
import { claimedIssuer, JsonWebTokens } from './json-web-token.ts';
import type { SigningKey } from './signing-key.ts';

/** Which service account a token is for. */
export interface AccountIdentity {
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** Whom a token belongs to, and which of the audiences that were asked for it is for. */
export interface ProvenToken {
  readonly user: User;
  readonly audiences: readonly string[];
}

export interface ServiceAccountTokensOptions {
  readonly registry: Registry;
  readonly key: SigningKey;
  readonly log: Log;
  /** Milliseconds since the epoch; the time of the machine when absent. */
  readonly now?: () => number;
}

const EXTRA = 'authentication.kubernetes.io';

/** Signs tokens of service accounts, and says whom one belongs to. */
export class ServiceAccountTokens {
  readonly key: SigningKey;
  readonly now: () => number;
  readonly #registry: Registry;
  readonly #log: Log;
  readonly #tokens: JsonWebTokens;

  constructor({ registry, key, log, now = () => Date.now() }: ServiceAccountTokensOptions) {
    this.#registry = registry;
    this.key = key;
    this.#log = log;
    this.now = now;
    this.#tokens = new JsonWebTokens(key);
  }

  /** What is stored under a key now. */
  readonly find: FindObject = (collection, key) =>
    this.#registry.store.collection(collection).get(key)?.object;

  /** A token with an end. */
  sign(claims: Omit<BoundClaims, 'iss' | 'jti'>): Promise<string> {
    return this.#tokens.sign({ ...claims, iss: ISSUER, jti: randomUUID() });
  }

  /** A token for a Secret: it counts as long as the Secret holds it. */
  signForSecret(account: AccountIdentity, secret: string): Promise<string> {
    const { namespace = '', name, uid = '' } = account;
    return this.#tokens.sign({
      iss: LEGACY_ISSUER,
      sub: serviceAccountUser(namespace, name),
      'kubernetes.io/serviceaccount/namespace': namespace,
      'kubernetes.io/serviceaccount/secret.name': secret,
      'kubernetes.io/serviceaccount/service-account.name': name,
      'kubernetes.io/serviceaccount/service-account.uid': uid,
    });
  }

  /**
   * Whom a token belongs to; undefined when it is no token of a service account.
   * Fails with TokenError for one that counts no more, or for none of these audiences.
   */
  async authenticate(
    token: string,
    audiences: readonly string[] = [ISSUER],
  ): Promise<ProvenToken | undefined> {
    const issuer = await claimedIssuer(token);
    if (issuer !== ISSUER && issuer !== LEGACY_ISSUER) return undefined;
    const claims = await this.#tokens.read(token);
    if (claims === undefined) throw new TokenError('invalid signature');
    return issuer === ISSUER
      ? this.#bound(claims as BoundClaims, audiences)
      : await this.#legacy(token, claims as LegacyClaims, audiences);
  }

  #bound(claims: BoundClaims, asked: readonly string[]): ProvenToken {
    const audiences = intersection(claims.aud, asked);
    checkBoundClaims(claims, this.find, this.now());
    const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
    const extra: Record<string, readonly string[]> = { [`${EXTRA}/credential-id`]: [`JTI=${claims.jti}`] };
    for (const [kind, object] of Object.entries({ node, pod })) {
      if (object === undefined) continue;
      extra[`${EXTRA}/${kind}-name`] = [object.name];
      if (object.uid !== undefined) extra[`${EXTRA}/${kind}-uid`] = [object.uid];
    }
    return {
      user: { ...userOf(namespace, serviceaccount.name, serviceaccount.uid ?? ''), extra },
      audiences,
    };
  }

  async #legacy(token: string, claims: LegacyClaims, asked: readonly string[]): Promise<ProvenToken> {
    const audiences = intersection([ISSUER], asked);
    const secret = checkLegacyClaims(token, claims, this.find);
    await this.#markUsed(secret);
    const field = (name: 'namespace' | 'service-account.name' | 'service-account.uid'): string =>
      claims[`kubernetes.io/serviceaccount/${name}`];
    return {
      user: userOf(field('namespace'), field('service-account.name'), field('service-account.uid')),
      audiences,
    };
  }

  /** Once a day at most. */
  async #markUsed({ metadata }: ApiObject): Promise<void> {
    const today = new Date(this.now()).toISOString().slice(0, 10);
    if (metadata.labels?.[LAST_USED] === today) return;
    const resource = this.#registry.catalog.findKind('v1', 'Secret');
    if (resource === undefined) return;
    const { namespace, name, uid } = metadata;
    const patch = { metadata: { uid, labels: { [LAST_USED]: today } } };
    try {
      const request = internalRequest('apiserver', 'kube-apiserver');
      await this.#registry.patch({ resource, namespace, name }, 'merge', patch, request);
    } catch (error) {
      // Who has the token may do what it is for, all the same.
      this.#log.warn('A Secret could not be marked as used', { namespace, name, reason: messageOf(error) });
    }
  }
}

function userOf(namespace: string, name: string, uid: string): User {
  return { ...authenticated(serviceAccountUser(namespace, name), serviceAccountGroups(namespace)), uid };
}

function intersection(audiences: readonly string[], asked: readonly string[]): readonly string[] {
  const common = [...new Set(audiences)].filter((audience) => asked.includes(audience));
  if (common.length > 0) return common;
  const shown = (list: readonly string[]): string =>
    `[${list.map((each) => JSON.stringify(each)).join(' ')}]`;
  throw new TokenError(
    `token audiences ${shown(audiences)} is invalid for the target audiences ${shown(asked)}`,
  );
}
