import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Wish } from './wish.ts';

const generate = promisify(generateKeyPair) as (
  type: string,
  options: object,
) => Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }>;
const CURVES: Readonly<Record<number, string>> = { 256: 'P-256', 384: 'P-384', 521: 'P-521' };

/** A private key with its public one. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function generateKeys({ algorithm, size }: Pick<Wish, 'algorithm' | 'size'>): Promise<KeyPair> {
  return algorithm === 'RSA'
    ? generate('rsa', { modulusLength: size })
    : generate('ec', { namedCurve: CURVES[size] ?? 'P-256' });
}

/** Throws when the text is no private key. */
export function readKeys(pem: string): KeyPair {
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** True when a key is of the algorithm and size that are wished for. */
export function keyFits(
  { privateKey }: KeyPair,
  { algorithm, size }: Pick<Wish, 'algorithm' | 'size'>,
): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = privateKey;
  if (algorithm === 'RSA') return asymmetricKeyType === 'rsa' && asymmetricKeyDetails?.modulusLength === size;
  const curves: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };
  return asymmetricKeyType === 'ec' && curves[asymmetricKeyDetails?.namedCurve ?? ''] === size;
}

export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
