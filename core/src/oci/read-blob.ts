import type { ImageReference } from './reference.ts';
import { hashFor } from './digest.ts';
import { corrupt, unreachable } from './registry-error.ts';
import type { Session } from './session.ts';

const ATTEMPTS = 4;

export interface ReadBlobOptions {
  readonly digest: string;
  /** Bytes; checked when given. */
  readonly size?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a blob. A connection that breaks is taken up where it broke; content that is not what the
 * digest promises fails at the end, with `REGISTRY_CORRUPT`.
 */
export async function* readBlob(
  session: Session,
  image: ImageReference,
  { digest, size, signal }: ReadBlobOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const hash = hashFor(digest);
  const what = `read blob ${digest} of "${image.repository}"`;
  let count = 0;
  for (let attempt = 1; ; attempt++) {
    const headers = count === 0 ? {} : { range: `bytes=${count}-` };
    const request = {
      method: 'GET',
      path: `blobs/${digest}`,
      what,
      headers,
      actions: 'pull',
      signal,
    } as const;
    const answer = await session.request(image, { ...request, expect: count === 0 ? [200] : [200, 206] });
    let skip = answer.status === 200 ? count : 0; // a registry may not know Range
    try {
      for await (const chunk of session.http.read(answer.stream)) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        count += fresh.length;
        if (size !== undefined && count > size)
          throw corrupt(image.registry, what, `it sent more than ${size} bytes`);
        hash.update(fresh);
        yield fresh;
      }
      break;
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt === ATTEMPTS || (error instanceof Error && error.name === 'EpinioError')) {
        throw unreachable(image.registry, what, error);
      }
    }
  }
  const found = `${digest.slice(0, digest.indexOf(':'))}:${hash.digest('hex')}`;
  if (found !== digest) throw corrupt(image.registry, what, `its content is ${found}`);
  if (size !== undefined && count !== size)
    throw corrupt(image.registry, what, `it sent ${count} bytes, not ${size}`);
}
