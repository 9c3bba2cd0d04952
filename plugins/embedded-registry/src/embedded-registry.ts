import { once } from 'node:events';
import { EpinioError } from '@epinio/core';
import type {
  Clock,
  DataDirectory,
  ImageRepository,
  ListenPorts,
  Log,
  Registry,
  RegistryAuths,
  RunHost,
} from '@epinio/core';
import { createOciClient, isRepositoryName, isTag } from '@epinio/core/oci';
import type { Config } from './config.ts';
import { serve } from './http/serve.ts';
import { collectGarbage } from './layout/garbage.ts';
import { ImageStore } from './layout/image-store.ts';
import { close, listen } from './listen.ts';
import { readOrMakePassword } from './password-file.ts';
import { removeRepository } from './remove-repository.ts';
import { Uploads } from './uploads.ts';

const OWNER = 'embedded-registry';
const USERNAME = 'epinio';
const PORT = 5000;
const MINUTE = 60_000;

export interface EmbeddedRegistryNeeds {
  readonly clock: Clock;
  readonly dataDirectory: DataDirectory;
  readonly listenPorts: ListenPorts;
  readonly log: Log;
}

/** Images in a folder; `run` serves them by the OCI distribution-spec, and every other process goes through that. */
export class EmbeddedRegistry implements Registry {
  readonly #needs: EmbeddedRegistryNeeds;
  readonly #config: Config;
  readonly #folder: string;

  constructor(needs: EmbeddedRegistryNeeds, config: Config) {
    this.#needs = needs;
    this.#config = config;
    this.#folder = needs.dataDirectory.path(OWNER);
  }

  async repository(name: string): Promise<ImageRepository> {
    assertName(name);
    const image = `${await this.#host()}/${name}`;
    return { push: image, pull: image };
  }

  async credentials(signal?: AbortSignal): Promise<RegistryAuths> {
    signal?.throwIfAborted();
    return { [await this.#host()]: { username: USERNAME, password: await readOrMakePassword(this.#folder) } };
  }

  async trustedCa(): Promise<undefined> {
    return undefined; // plain HTTP, on this machine only
  }

  /** A tag's content goes some time later, that of a repository at once. */
  async delete(name: string, tag?: string, signal?: AbortSignal): Promise<void> {
    assertName(name);
    const auths = await this.credentials(signal);
    const host = await this.#host();
    if (tag === undefined) return removeRepository(host, name, auths, signal);
    if (!isTag(tag))
      throw new EpinioError('REFERENCE_INVALID', `${JSON.stringify(tag)} is no tag of an image`);
    const client = createOciClient({ auths });
    try {
      await client.deleteManifest({ registry: host, repository: name, tag }, signal);
    } finally {
      client.close();
    }
  }

  /** Serves until the signal is aborted, and collects garbage meanwhile. The only process that writes the folder. */
  async run(host: RunHost): Promise<void> {
    const { clock, log } = this.#needs;
    const store = new ImageStore(this.#folder);
    const removed = await store.open();
    if (removed > 0) log.info('Removed uploads that a crash cut short', { files: removed });

    const uploads = new Uploads(store.paths.incoming);
    const password = await readOrMakePassword(this.#folder);
    const handler = serve({ store, uploads, clock }, { username: USERNAME, password, log });
    const server = await listen(handler, this.#config.listen, await this.#port());
    host.ready();
    const collecting = this.#collect(store, uploads, host.signal);
    if (!host.signal.aborted) await once(host.signal, 'abort');
    await collecting;
    await close(server);
  }

  async #collect(store: ImageStore, uploads: Uploads, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#needs;
    const { collectEveryMinutes, keepUnreferencedMinutes, keepUntaggedHours } = this.#config;
    while (!signal.aborted) {
      try {
        const nowMs = clock.now();
        await uploads.expire(nowMs - keepUnreferencedMinutes * MINUTE);
        const collected = await collectGarbage(store, {
          nowMs,
          keepUnreferencedMs: keepUnreferencedMinutes * MINUTE,
          keepUntaggedMs: keepUntaggedHours * 60 * MINUTE,
          signal,
          onError: (repository, error) =>
            log.error('A repository could not be cleaned up', { repository, error }),
        });
        if (collected.blobs > 0) log.info('Removed images that nothing refers to', { ...collected });
        await clock.sleep(collectEveryMinutes * MINUTE, signal);
      } catch (error) {
        if (error === signal.reason) return;
        log.error('The registry could not be cleaned up', { error });
        await clock.sleep(MINUTE, signal).catch(() => undefined); // ended by the signal, which the loop looks at
      }
    }
  }

  async #host(): Promise<string> {
    const { listen } = this.#config;
    const address = listen === '0.0.0.0' ? '127.0.0.1' : listen === '::' ? '::1' : listen;
    return `${address.includes(':') ? `[${address}]` : address}:${await this.#port()}`;
  }

  async #port(): Promise<number> {
    const { port } = this.#config;
    return this.#needs.listenPorts.claim('registry', port ?? PORT, { exact: port !== undefined });
  }
}

function assertName(name: string): void {
  if (isRepositoryName(name)) return;
  throw new EpinioError('REFERENCE_INVALID', `${JSON.stringify(name)} is no name of an image repository`, {
    fix: 'Use lower-case letters, digits, ".", "_" and "-", with "/" between segments',
  });
}
