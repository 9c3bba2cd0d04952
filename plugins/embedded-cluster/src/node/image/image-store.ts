import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EpinioError, messageOf, type Clock, type Log, type RegistryAuths } from '@epinio/core';
import type { ImageManifest, OciClient } from '@epinio/core/oci';
import { readTextIfAny, writeFileAtomic } from '../files.ts';
import { findServiceImage, type FoundServiceImage } from '../service-images/find-service-image.ts';
import { makeServiceImage, serviceImageRecord } from '../service-images/make-service-image.ts';
import { until } from '../until.ts';
import { imageFolderName, readImageFolder, type UnpackedImage } from './image-folder.ts';
import { makeDurable, pullImage } from './pull-image.ts';

/** Names of images, a file each, with the digest that each stands for. */
const REFERENCES = 'references';

export interface ImageStoreOptions {
  readonly folder: string;
  readonly boot: string;
  readonly forAllUsers: boolean;
  readonly cacheBytes: number;
  /** The platform's PATH: where programs are looked for that stand in for images. */
  readonly hostPath: string;
  readonly log: Log;
  readonly clock: Clock;
}

export interface EnsureImage {
  readonly reference: string;
  readonly policy: 'Always' | 'IfNotPresent' | 'Never';
  readonly auths: () => Promise<RegistryAuths>;
  readonly signal: AbortSignal;
  /** Called when bytes have to be fetched. */
  readonly onPull: () => void;
}

/** Images of this node, each unpacked once per digest. */
export class ImageStore {
  readonly #options: ImageStoreOptions;
  /** Pulls under way, by digest: pods that need the same image wait for the same pull. */
  readonly #pulls = new Map<string, Promise<void>>();

  readonly #closed = new AbortController();

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    mkdirSync(join(options.folder, REFERENCES), { recursive: true, mode: 0o711 });
    for (const name of readdirSync(options.folder)) {
      if (name.endsWith('.tmp')) rmSync(join(options.folder, name), { recursive: true, force: true });
    }
  }

  /**
   * The image, pulled when it is not here. Fails as the OCI client does, and with `IMAGE_NEVER_PULLED` when the
   * policy forbids to; images of well-known services are not pulled but served by programs of this machine.
   */
  async ensure({ reference, policy, auths, signal, onPull }: EnsureImage): Promise<UnpackedImage> {
    const served = await findServiceImage(reference, this.#options.hostPath);
    if (served !== undefined) return this.#serve(served);
    const known = this.#find(this.#digestOf(reference));
    if (known !== undefined && policy !== 'Always') return this.#used(known);
    if (policy === 'Never') {
      throw new EpinioError(
        'IMAGE_NEVER_PULLED',
        `Container image "${reference}" is not present with pull policy of Never`,
      );
    }
    const credentials = await auths();
    const manifest = await withClient(credentials, (client) => client.manifest(reference, { signal }));
    if (this.#find(manifest.digest) === undefined) {
      onPull();
      await until(this.#pull(reference, manifest, credentials), signal);
    }
    const image = this.#find(manifest.digest);
    if (image === undefined) {
      const message = `Image "${reference}" was removed while it was pulled`;
      throw new EpinioError('IMAGE_LOST', message, { fault: 'system' });
    }
    this.#remember(reference, manifest.digest);
    return this.#used(image);
  }

  /** Ends the pulls that are under way. */
  close(): void {
    this.#closed.abort(new EpinioError('NODE_CLOSED', 'The node agent stops', { fault: 'system' }));
  }

  /** The image of an earlier start; undefined when it is gone. */
  find(digest: string): UnpackedImage | undefined {
    return this.#find(digest);
  }

  /** Removes what is not in use and more than the cache may hold, longest unused first. */
  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    const unused = readdirSync(this.#options.folder)
      .filter((name) => !name.endsWith('.tmp') && name !== REFERENCES) // what ends with .tmp is a pull under way
      .map((name) => join(this.#options.folder, name))
      .map((folder) => ({
        folder,
        image: readImageFolder(folder, this.#options.boot),
        usedAt: statSync(folder).mtimeMs,
      }))
      .filter(
        ({ image }) => image === undefined || (!inUse.has(image.digest) && !this.#pulls.has(image.digest)),
      )
      .sort((a, b) => b.usedAt - a.usedAt);
    let kept = 0;
    for (const { folder, image } of unused) {
      kept += image?.bytes ?? Infinity;
      if (kept <= this.#options.cacheBytes) continue;
      this.#options.log.debug('Unused image is removed', { digest: image?.digest });
      // Renamed first: a half-removed image must not be found.
      const gone = `${folder}.removed.tmp`;
      renameSync(folder, gone);
      await rm(gone, { recursive: true, force: true });
    }
    await this.#forgetReferences();
  }

  /** Names of images that are not here any more: every push has one of its own. */
  async #forgetReferences(): Promise<void> {
    const folder = join(this.#options.folder, REFERENCES);
    for (const name of readdirSync(folder)) {
      const digest = readTextIfAny(join(folder, name))?.split('\n')[0];
      if (this.#find(digest) === undefined && !this.#pulls.has(digest ?? ''))
        await rm(join(folder, name), { force: true });
    }
  }

  #serve(found: FoundServiceImage): UnpackedImage {
    const record = serviceImageRecord(found, this.#options.boot);
    const folder = this.#folderOf(record.digest);
    if (this.#find(record.digest) === undefined) makeServiceImage(found, record, folder);
    const image = this.#find(record.digest);
    if (image === undefined)
      throw new EpinioError('IMAGE_LOST', `Image "${folder}" was removed while it was made`);
    return this.#used(image);
  }

  #find(digest: string | undefined): UnpackedImage | undefined {
    return digest === undefined ? undefined : readImageFolder(this.#folderOf(digest), this.#options.boot);
  }

  #folderOf(digest: string): string {
    return join(this.#options.folder, imageFolderName(digest));
  }

  #used(image: UnpackedImage): UnpackedImage {
    const now = this.#options.clock.now() / 1000;
    utimesSync(this.#folderOf(image.digest), now, now);
    return image;
  }

  /** One pull for all who wait for the image: it goes on when the one who began it does not wait any more. */
  #pull(reference: string, manifest: ImageManifest, auths: RegistryAuths): Promise<void> {
    const { digest } = manifest;
    const running = this.#pulls.get(digest);
    if (running !== undefined) return running;
    const { log, boot, forAllUsers } = this.#options;
    const folder = this.#folderOf(digest);
    const pull = withClient(auths, (client) =>
      pullImage({
        ...{ client, reference, manifest, folder, boot, forAllUsers },
        signal: this.#closed.signal,
        onWarning: (message) => log.debug(message, { image: reference }),
      }),
    ).finally(() => this.#pulls.delete(digest));
    this.#pulls.set(digest, pull);
    pull
      .then(() => makeDurable(folder))
      .catch((error: unknown) => {
        // Of the pull: its caller says so. Of the sync: the image is pulled again after the next boot.
        log.debug('Image is not known to be durable', { digest, reason: messageOf(error) });
      });
    return pull;
  }

  #referenceFile(reference: string): string {
    return join(this.#options.folder, REFERENCES, createHash('sha256').update(reference).digest('hex'));
  }

  #digestOf(reference: string): string | undefined {
    const digest = /@(sha\d+:[0-9a-f]+)$/.exec(reference)?.[1];
    return digest ?? readTextIfAny(this.#referenceFile(reference))?.split('\n')[0];
  }

  #remember(reference: string, digest: string): void {
    writeFileAtomic(this.#referenceFile(reference), `${digest}\n${reference}\n`);
  }
}

/** The client is loaded on first use: most starts of the platform find every image in place. */
async function withClient<T>(auths: RegistryAuths, use: (client: OciClient) => Promise<T>): Promise<T> {
  const { createOciClient } = await import('@epinio/core/oci');
  const client = createOciClient({ auths });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
