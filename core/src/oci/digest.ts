import { createHash, type Hash } from 'node:crypto';
import { EpinioError } from '../kernel/errors.ts';

/** Lengths in hex digits of the algorithms that the image-spec registers (descriptor.md, "Registered algorithms"). */
const ALGORITHMS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

export interface Digest {
  readonly algorithm: string;
  /** Lower case. */
  readonly hex: string;
}

/** @returns undefined for what is no digest of a registered algorithm. */
export function parseDigest(text: string): Digest | undefined {
  const [algorithm = '', hex = '', ...rest] = text.split(':');
  const length = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  return rest.length === 0 && hex.length === length && /^[0-9a-f]+$/.test(hex)
    ? { algorithm, hex }
    : undefined;
}

/** A hash of the digest's algorithm; fails with `DIGEST_INVALID`. */
export function hashFor(digest: string): Hash {
  const parsed = parseDigest(digest);
  if (parsed === undefined) {
    throw new EpinioError('DIGEST_INVALID', `"${digest}" is no digest`, {
      fix: 'Use "sha256:" and 64 lower-case hex digits',
    });
  }
  return createHash(parsed.algorithm);
}

/** `sha256:…` of some bytes. */
export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
