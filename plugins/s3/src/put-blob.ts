import { createHash, randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobInfo, PutOptions } from '@epinio/core';
import type { BucketCall } from './bucket.ts';
import { metadataOf } from './blob-info.ts';

/** Up to this a blob goes in one request, once its checksum is known. */
const SMALL = 8 * 1024 ** 2;
/** S3's own limit is 10,000 parts: this allows for 160 GB. */
const PART = 16 * 1024 ** 2;
/** The largest object that one request can copy. */
const MAX_COPY = 5 * 1024 ** 3;

export interface PutTarget {
  readonly call: BucketCall;
  /** Of the object that the blob becomes. */
  readonly key: string;
  /** Where an object is kept while its checksum is not known. */
  readonly incoming: string;
}

export type Stored = Pick<BlobInfo, 'size' | 'sha256'>;

/**
 * Stores a stream under a key, whole or not at all, in bounded memory. S3 takes what is known of an object with its
 * first byte, and the checksum is known with the last: a large blob is sent under another name and copied, by the
 * service itself, to its own.
 */
export async function putBlob(target: PutTarget, content: Readable, options: PutOptions): Promise<Stored> {
  const { signal } = options;
  const hash = createHash('sha256');
  let size = 0;
  const counted = new PassThrough({ highWaterMark: 1024 ** 2 });
  const failed = new AbortController();
  const flow = pipeline(
    content,
    async function* (source: AsyncIterable<Buffer | string>) {
      for await (const chunk of source) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        hash.update(bytes);
        size += bytes.length;
        yield bytes;
      }
    },
    counted,
    { signal: AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]) },
  );
  flow.catch(() => undefined); // told below
  const known = (): Stored => ({ size, sha256: hash.copy().digest('hex') });
  try {
    const beginning = await readUpTo(counted, SMALL);
    if (beginning.ended) {
      await flow;
      await putSmall(target, beginning.bytes, known(), options);
    } else await putLarge(target, beginning.bytes, counted, flow, known, options);
    return known();
  } catch (error) {
    failed.abort(error);
    await flow.catch((cause: unknown) => {
      if (cause !== error && !isAbort(cause)) throw cause; // what broke the stream is the reason
    });
    throw error;
  }
}

async function putSmall(
  { call: { client, library, Bucket }, key }: PutTarget,
  Body: Buffer,
  stored: Stored,
  { contentType, metadata, signal }: PutOptions,
): Promise<void> {
  await client.send(
    new library.PutObjectCommand({
      Bucket,
      Key: key,
      Body,
      ContentLength: Body.length,
      ContentType: contentType,
      Metadata: metadataOf(stored, metadata),
    }),
    abortable(signal),
  );
}

async function putLarge(
  target: PutTarget,
  beginning: Buffer,
  rest: Readable,
  flow: Promise<void>,
  known: () => Stored,
  options: PutOptions,
): Promise<void> {
  const { call, key, incoming } = target;
  const { client, library, Bucket } = call;
  const { contentType, metadata, signal } = options;
  const temporary = `${incoming}${randomUUID()}`;
  const { Upload } = await import('@aws-sdk/lib-storage');
  const upload = new Upload({
    client,
    params: {
      Bucket,
      Key: temporary,
      Body: Readable.from(joined(beginning, rest)),
      ContentType: contentType,
    },
    partSize: PART,
    queueSize: 2,
    leavePartsOnError: false,
  });
  const abort = (): void => void upload.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await upload.done();
    await flow;
    signal?.throwIfAborted();
    const stored = known();
    if (stored.size > MAX_COPY) throw new RangeError(`a blob of ${stored.size} bytes is larger than 5 GiB`);
    await client.send(
      new library.CopyObjectCommand({
        Bucket,
        Key: key,
        CopySource: encodeURI(`${Bucket}/${temporary}`),
        MetadataDirective: 'REPLACE',
        ContentType: contentType,
        Metadata: metadataOf(stored, metadata),
      }),
      abortable(signal),
    );
  } finally {
    signal?.removeEventListener('abort', abort);
    await client.send(new library.DeleteObjectCommand({ Bucket, Key: temporary }));
  }
}

/** Reads until there is more than `limit`, or the end. */
async function readUpTo(
  source: Readable,
  limit: number,
): Promise<{ readonly bytes: Buffer; readonly ended: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const iterator = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  while (size <= limit) {
    const next = await iterator.next();
    if (next.done === true) return { bytes: Buffer.concat(chunks), ended: true };
    chunks.push(next.value);
    size += next.value.length;
  }
  await iterator.return?.();
  return { bytes: Buffer.concat(chunks), ended: false };
}

async function* joined(beginning: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield beginning;
  for await (const chunk of rest) yield chunk as Buffer;
}

function abortable(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
