import { createHash } from 'node:crypto';
import type { BoundClaims, LegacyClaims } from './claims.ts';
import { ALGORITHM, type SigningKey } from './signing-key.ts';

/** Proven tokens that are remembered: so many pods may ask in turn without a signature being checked again. */
const REMEMBERED = 4096;

/** Signs claims, and reads them from tokens that this key has signed. */
export class JsonWebTokens {
  readonly #key: SigningKey;
  /** Claims by the digest of their token, the one used longest ago first. What they refer to is looked at each time. */
  readonly #proven = new Map<string, unknown>();

  constructor(key: SigningKey) {
    this.#key = key;
  }

  async sign(claims: BoundClaims | LegacyClaims): Promise<string> {
    const { SignJWT } = await import('jose');
    return await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#key.id })
      .sign(this.#key.privateKey);
  }

  /** The claims of a token; undefined when this key has not signed it. */
  async read(token: string): Promise<unknown> {
    const digest = createHash('sha256').update(token).digest('base64');
    const claims = this.#proven.get(digest) ?? (await this.#prove(token));
    if (claims === undefined) return undefined;
    this.#proven.delete(digest);
    this.#proven.set(digest, claims);
    for (const oldest of this.#proven.keys()) {
      if (this.#proven.size <= REMEMBERED) break;
      this.#proven.delete(oldest);
    }
    return claims;
  }

  async #prove(token: string): Promise<unknown> {
    const { compactVerify, errors } = await import('jose');
    try {
      const { payload } = await compactVerify(token, this.#key.publicKey, { algorithms: [ALGORITHM] });
      return JSON.parse(Buffer.from(payload).toString()) as unknown;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

/** Who a token says it is from, before anything of it is proved; undefined for what is no token. */
export async function claimedIssuer(token: string): Promise<string | undefined> {
  const { decodeJwt, errors } = await import('jose');
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
