import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signs paths of blobs until a time, so that a URL needs no further credentials. */
export class UrlSigner {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The query of a URL for `key`; `expires` is in seconds since the epoch. */
  query(key: string, expires: number): string {
    return new URLSearchParams({
      expires: String(expires),
      signature: this.#sign(key, String(expires)),
    }).toString();
  }

  /** True when the query was made here for this key and is not over. */
  accepts(key: string, query: URLSearchParams, nowMs: number): boolean {
    const expires = query.get('expires') ?? '';
    const given = Buffer.from(query.get('signature') ?? '');
    const right = Buffer.from(this.#sign(key, expires));
    return given.length === right.length && timingSafeEqual(given, right) && Number(expires) * 1000 > nowMs;
  }

  #sign(key: string, expires: string): string {
    return createHmac('sha256', this.#key).update(`GET\n${key}\n${expires}`).digest('base64url');
  }
}
