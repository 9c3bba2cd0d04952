import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { EpinioError } from '@epinio/core';
import type {
  BlobInfo,
  Clock,
  DataDirectory,
  ListenPorts,
  Log,
  PutOptions,
  RunHost,
  Storage,
} from '@epinio/core';
import { BlobFolder } from './blob-folder.ts';
import { BlobReader } from './blob-reader.ts';
import { assertBlobKey } from '@epinio/core';
import type { Config } from './config.ts';
import { removeLeftovers } from './leftovers.ts';
import { close, listen } from './listen.ts';
import { readOrMakeSecret } from './secret-file.ts';
import { isClientGone, serveBlob } from './serve-blobs.ts';
import { UrlSigner } from './url-signer.ts';

const OWNER = 'embedded-storage';
const PORT = 9000;
const MAX_EXPIRY_SECONDS = 7 * 24 * 3600; // as S3

export interface EmbeddedStorageNeeds {
  readonly clock: Clock;
  readonly dataDirectory: DataDirectory;
  readonly listenPorts: ListenPorts;
  readonly log: Log;
}

/** Blobs as files below the data folder; `run` serves them by signed URLs. */
export class EmbeddedStorage implements Storage {
  readonly #needs: EmbeddedStorageNeeds;
  readonly #config: Config;
  readonly #blobs: BlobFolder;

  constructor(needs: EmbeddedStorageNeeds, config: Config) {
    this.#needs = needs;
    this.#config = config;
    this.#blobs = new BlobFolder(needs.dataDirectory.path(OWNER));
  }

  async put(key: string, content: Readable, options: PutOptions): Promise<BlobInfo> {
    const { signal } = options;
    const abort = (): void =>
      void content.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', abort, { once: true });
      return await this.#blobs.put(key, content, options);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      content.on('error', ignore).destroy(); // read to its end or not wanted
    }
  }

  async get(key: string, signal?: AbortSignal): Promise<{ info: BlobInfo; content: Readable } | undefined> {
    signal?.throwIfAborted();
    const blob = await this.#blobs.open(key);
    return blob && { info: blob.info, content: new BlobReader(blob.file, blob.path, blob.info) };
  }

  async info(key: string, signal?: AbortSignal): Promise<BlobInfo | undefined> {
    signal?.throwIfAborted();
    const blob = await this.#blobs.open(key);
    await blob?.file.close();
    return blob?.info;
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.#blobs.delete(key);
  }

  list(prefix = '', signal?: AbortSignal): AsyncIterable<BlobInfo> {
    return this.#blobs.list(prefix, signal);
  }

  async readUrl(key: string, { expiresSeconds }: { readonly expiresSeconds: number }): Promise<string> {
    assertBlobKey(key);
    if (!(expiresSeconds > 0 && expiresSeconds <= MAX_EXPIRY_SECONDS)) {
      throw new EpinioError('STORAGE_EXPIRY_INVALID', `A URL cannot be valid for ${expiresSeconds} seconds`, {
        fix: `Ask for 1 to ${MAX_EXPIRY_SECONDS} seconds`,
      });
    }
    const signer = await this.#signer();
    const expires = Math.ceil(this.#needs.clock.now() / 1000 + expiresSeconds);
    return `http://${hostInUrl(this.#config.listen)}:${await this.#port()}/${key}?${signer.query(key, expires)}`;
  }

  /** Serves `readUrl`'s URLs until the signal is aborted; removes what an earlier process left half-written. */
  async run(host: RunHost): Promise<void> {
    const { clock, log } = this.#needs;
    const removed = await removeLeftovers(this.#blobs.incoming);
    if (removed > 0) log.info('Removed uploads that a crash cut short', { files: removed });

    const deps = { blobs: this.#blobs, signer: await this.#signer(), clock };
    const server = await listen(
      (request, response) => {
        serveBlob(request, response, deps).catch((error: unknown) => {
          if (!isClientGone(error)) log.error('A blob could not be served', { error });
          if (response.headersSent) response.destroy();
          else response.writeHead(500).end();
        });
      },
      this.#config.listen,
      await this.#port(),
    );
    host.ready();
    if (!host.signal.aborted) await once(host.signal, 'abort');
    await close(server);
  }

  async #port(): Promise<number> {
    const { port } = this.#config;
    return this.#needs.listenPorts.claim('storage', port ?? PORT, { exact: port !== undefined });
  }

  async #signer(): Promise<UrlSigner> {
    return new UrlSigner(await readOrMakeSecret(this.#blobs.root, 'url-key'));
  }
}

/** Where pods of this machine find what listens there. */
function hostInUrl(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return address.includes(':') ? `[${address}]` : address;
}

function ignore(): void {
  return;
}
