import { once } from 'node:events';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import {
  assertBlobKey,
  EpinioError,
  type BlobInfo,
  type Kube,
  type Log,
  type PlatformSettings,
  type PutOptions,
  type RunHost,
  type Storage,
} from '@epinio/core';
import { blobInfoOf } from './blob-info.ts';
import { Bucket, type BucketCall } from './bucket.ts';
import type { Config } from './config.ts';
import { removeLeftovers } from './leftovers.ts';
import { putBlob } from './put-blob.ts';
import { isAbsent } from './s3-error.ts';
import { verifyBucket } from './verify-bucket.ts';

export interface S3StorageNeeds {
  readonly kube: Kube;
  readonly log: Log;
  readonly settings: PlatformSettings;
}

const MAX_EXPIRY_SECONDS = 7 * 24 * 3600;
/** Objects that are asked about at one time: a list does not say what is known of them. */
const LIST_CONCURRENCY = 8;

/** Blobs as objects of a bucket: those that are whole below `blobs/`, those that are being sent below `incoming/`. */
export class S3Storage implements Storage {
  readonly #needs: S3StorageNeeds;
  readonly #config: Config;
  readonly #bucket: Bucket;
  readonly #blobs: string;
  readonly #incoming: string;

  constructor(needs: S3StorageNeeds, config: Config) {
    this.#needs = needs;
    this.#config = config;
    this.#bucket = new Bucket(needs, config);
    this.#blobs = `${config.prefix}blobs/`;
    this.#incoming = `${config.prefix}incoming/`;
  }

  async put(key: string, content: Readable, options: PutOptions): Promise<BlobInfo> {
    try {
      const object = this.#object(key);
      const put = (call: BucketCall) =>
        putBlob({ call, key: object, incoming: this.#incoming }, content, options);
      const stored = await this.#bucket.use(put, options.signal);
      const metadata = Object.entries(options.metadata ?? {}).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]);
      const { contentType } = options;
      return {
        key,
        ...stored,
        contentType,
        metadata: Object.fromEntries(metadata) as Record<string, string>,
      };
    } finally {
      content.on('error', () => undefined).destroy(); // read to its end or not wanted
    }
  }

  async get(key: string, signal?: AbortSignal): Promise<{ info: BlobInfo; content: Readable } | undefined> {
    const Key = this.#object(key);
    return this.#unlessAbsent(async ({ client, library, Bucket }) => {
      const answer = await client.send(new library.GetObjectCommand({ Bucket, Key }), abortable(signal));
      return { info: blobInfoOf(key, answer), content: endingTogether(answer.Body as Readable) };
    }, signal);
  }

  async info(key: string, signal?: AbortSignal): Promise<BlobInfo | undefined> {
    const Key = this.#object(key);
    return this.#unlessAbsent(async ({ client, library, Bucket }) => {
      const answer = await client.send(new library.HeadObjectCommand({ Bucket, Key }), abortable(signal));
      return blobInfoOf(key, answer);
    }, signal);
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    const Key = this.#object(key);
    await this.#unlessAbsent(
      ({ client, library, Bucket }) =>
        client.send(new library.DeleteObjectCommand({ Bucket, Key }), abortable(signal)),
      signal,
    );
  }

  async *list(prefix = '', signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    for (let next: string | undefined; ;) {
      const page = await this.#bucket.use(
        ({ client, library, Bucket }) =>
          client.send(
            new library.ListObjectsV2Command({
              Bucket,
              Prefix: `${this.#blobs}${flat(prefix)}`,
              ContinuationToken: next,
            }),
            abortable(signal),
          ),
        signal,
      );
      const keys = (page.Contents ?? []).map(({ Key = '' }) => unflat(Key.slice(this.#blobs.length)));
      for (let at = 0; at < keys.length; at += LIST_CONCURRENCY) {
        const some = keys.slice(at, at + LIST_CONCURRENCY).map((key) => this.info(key, signal));
        for (const info of await Promise.all(some)) if (info !== undefined) yield info; // deleted meanwhile
      }
      next = page.NextContinuationToken;
      if (next === undefined) return;
    }
  }

  async readUrl(key: string, { expiresSeconds }: { readonly expiresSeconds: number }): Promise<string> {
    const Key = this.#object(key);
    if (!(expiresSeconds > 0 && expiresSeconds <= MAX_EXPIRY_SECONDS)) {
      throw new EpinioError('STORAGE_EXPIRY_INVALID', `A URL cannot be valid for ${expiresSeconds} seconds`, {
        fix: `Ask for 1 to ${MAX_EXPIRY_SECONDS} seconds`,
      });
    }
    return this.#bucket.use(async ({ client, library, Bucket }) => {
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      return getSignedUrl(client, new library.GetObjectCommand({ Bucket, Key }), {
        expiresIn: expiresSeconds,
      });
    });
  }

  /** Proves by a real write, read and delete that the bucket can be used, and removes what a crash cut short. */
  async run(host: RunHost): Promise<void> {
    const { log } = this.#needs;
    await this.#bucket.use((call) => verifyBucket(call, this.#config), host.signal);
    const removed = await this.#bucket.use((call) => removeLeftovers(call, this.#incoming), host.signal);
    if (removed > 0) log.info('Removed uploads that a crash cut short', { objects: removed });
    host.ready();
    if (!host.signal.aborted) await once(host.signal, 'abort');
    await this.#bucket.close();
  }

  /** Ends its connections, where no server hosts it. */
  close(): Promise<void> {
    return this.#bucket.close();
  }

  #object(key: string): string {
    assertBlobKey(key);
    return `${this.#blobs}${flat(key)}`;
  }

  async #unlessAbsent<T>(
    action: (call: BucketCall) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T | undefined> {
    return this.#bucket.use(async (call) => {
      try {
        return await action(call);
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    }, signal);
  }
}

/** Services that keep objects as files cannot have both `a` and `a/b`: names of objects have no folders. */
function flat(key: string): string {
  return key.replaceAll('/', '!');
}

function unflat(name: string): string {
  return name.replaceAll('!', '/');
}

/** A reader that stops early ends the request, too. */
function endingTogether(body: Readable): Readable {
  const content = new PassThrough();
  pipeline(body, content, () => undefined); // the reader hears of a failure from what it reads
  return content;
}

function abortable(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
