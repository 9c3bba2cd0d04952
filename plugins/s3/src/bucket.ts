import type * as Library from '@aws-sdk/client-s3';
import type { Kube, PlatformSettings } from '@epinio/core';
import type { Config } from './config.ts';
import { credentialsOf } from './credentials.ts';
import { s3Error } from './s3-error.ts';

/** What a request of a bucket is made with. */
export interface BucketCall {
  readonly library: typeof Library;
  readonly client: Library.S3Client;
  /** Names the bucket, in every command. */
  readonly Bucket: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** No byte for so long ends a request. */
const IDLE_TIMEOUT_MS = 60_000;

/** A bucket and the way to it. The SDK is loaded when it is first asked for something. */
export class Bucket {
  /** As a person knows it. */
  readonly description: string;
  readonly #config: Config;
  readonly #needs: { readonly kube: Kube; readonly settings: PlatformSettings };
  #opened: Promise<BucketCall> | undefined;

  constructor(needs: { readonly kube: Kube; readonly settings: PlatformSettings }, config: Config) {
    this.#needs = needs;
    this.#config = config;
    const { bucket, endpoint, region } = config;
    this.description = `bucket "${bucket}" of ${endpoint ?? `AWS, region ${region}`}`;
  }

  /** Does something with it; what fails is said in the operator's words, unless the signal is the reason. */
  async use<T>(action: (call: BucketCall) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    try {
      this.#opened ??= this.#open();
      return await action(await this.#opened);
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Error(error, this.description);
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opened;
    opened?.client.destroy();
  }

  async #open(): Promise<BucketCall> {
    const { endpoint, region, pathStyle, bucket, ca } = this.#config;
    const [library, { NodeHttpHandler }, { Agent }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@smithy/node-http-handler'),
      import('node:https'),
    ]);
    const credentials = credentialsOf(this.#config, this.#needs);
    const client = new library.S3Client({
      region,
      forcePathStyle: pathStyle ?? endpoint !== undefined,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      // Many services refuse the checksums that the SDK sends by itself; ours is SHA-256 of the whole.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: new NodeHttpHandler({
        connectionTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: IDLE_TIMEOUT_MS,
        ...(ca === undefined ? {} : { httpsAgent: new Agent({ keepAlive: true, ca: ca }) }),
      }),
    });
    return { library, client, Bucket: bucket };
  }
}
