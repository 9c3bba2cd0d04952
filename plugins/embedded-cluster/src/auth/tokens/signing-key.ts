import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { EpinioError } from '@epinio/core';
import type { JsonObject } from '../../json.ts';

/** How tokens are signed: ECDSA on P-256, as the certificates of this cluster are. */
export const ALGORITHM = 'ES256';

/** What tokens of service accounts are signed with, and what proves that they were. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The `kid` of tokens: the digest of the public key, as a real API server names it. */
  readonly id: string;
}

/** PEM of a new key. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Fails with `CLUSTER_KEY_UNREADABLE`. @param file where the PEM comes from, for the message */
export function readSigningKey(pem: string, file: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw new EpinioError('CLUSTER_KEY_UNREADABLE', `"${file}" holds no private key in PEM`, {
      fix: 'Restore the file; or remove it, and a new one is made: service account tokens that were given out are worthless then',
      cause,
    });
  }
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey, id: createHash('sha256').update(der).digest('base64url') };
}

/** The public key as others may fetch it to check tokens by themselves: JWKS, RFC 7517. */
export function keySet({ publicKey, id }: SigningKey): { readonly keys: readonly JsonObject[] } {
  return { keys: [{ use: 'sig', kid: id, alg: ALGORITHM, ...publicKey.export({ format: 'jwk' }) }] };
}
