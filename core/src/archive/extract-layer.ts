import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { invalid, quote, unsafe, unsupported } from './archive-error.ts';
import { Budget, type ExtractLimits } from './budget.ts';
import { isMissing } from './confinement.ts';
import { decompress } from './decompress.ts';
import { Destination, type Owner } from './destination.ts';
import type { ArchiveEntry } from './entry.ts';
import { nameComponents } from './entry-name.ts';
import type { Extracted } from './extract.ts';
import { guarded } from './guarded.ts';
import { Source } from './source.ts';
import { tarEntries } from './tar-entries.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const AUFS = '.wh..wh.'; // bookkeeping of a file system, no content

export interface ExtractLayerOptions {
  readonly limits: ExtractLimits;
  /** SHA-256 of the tar without compression, `sha256:…`, as the image's `rootfs.diff_ids` has it: checked when given. */
  readonly diffId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** `image`: users and groups of the image, needs root. Absent: everything belongs to the user who runs this. */
  readonly ownership?: Owner | 'image' | undefined;
  /** What cannot be had without root: devices and pipes are left out, each with a warning. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Applies one layer of an image (tar, gzip, zstd) to `root`, which holds the layers below it: OCI image-spec,
 * "Image Layer Filesystem Changeset". Whiteouts remove what lower layers brought, whatever their place in the
 * layer; hard links go inside `root`; symbolic links are kept as they are, and names below one lead to where
 * it points with `root` as `/`, so that nothing outside is touched. Permission bits and times are kept, except
 * setuid and setgid; the owner can always read (and enter) what is there. Fails as `extract` does, and is no
 * more atomic: apply the layers to a folder of your own and rename it after the last.
 */
export async function extractLayer(
  content: Readable,
  root: string,
  options: ExtractLayerOptions,
): Promise<Extracted> {
  const budget = new Budget(options.limits, options.signal);
  const destination = new Destination(root, {
    links: 'follow-inside',
    keepTimes: true,
    owner: ownerOf(options),
  });
  const layer = new Layer(destination, budget, options.onWarning);
  await guarded(content, options.signal, async () => {
    const source = new Source(content);
    const type = await source.type();
    if (source.isEmpty) throw invalid('is empty: not one byte came');
    if (type === undefined || type === 'application/zip')
      throw unsupported('is no image layer', 'Use a tar or a tar.gz');
    const hash = options.diffId === undefined ? undefined : createHash('sha256');
    async function* observed(): AsyncGenerator<Buffer, void, undefined> {
      for await (const chunk of decompress(source, type ?? 'application/x-tar')) {
        budget.addRaw(chunk.length);
        hash?.update(chunk);
        yield chunk;
      }
    }
    for await (const entry of tarEntries(observed())) {
      options.signal?.throwIfAborted();
      budget.addEntry();
      await layer.add(entry);
    }
    await destination.finish();
    const diffId = hash === undefined ? undefined : `sha256:${hash.digest('hex')}`;
    if (diffId !== options.diffId)
      throw invalid(`is not the layer ${options.diffId ?? ''}: its content is ${diffId ?? ''}`);
  });
  return { entries: budget.entries, bytes: budget.bytes };
}

function ownerOf({ ownership }: ExtractLayerOptions): ((entry?: ArchiveEntry) => Owner) | undefined {
  if (ownership === undefined) return undefined;
  if (ownership !== 'image') return () => ownership;
  return (entry) => ({ uid: entry?.uid ?? 0, gid: entry?.gid ?? 0 });
}

class Layer {
  readonly #destination: Destination;
  readonly #budget: Budget;
  readonly #onWarning: ((message: string) => void) | undefined;
  /** Real paths that this layer brought: its own whiteouts do not hide them. */
  readonly #brought = new Set<string>();
  /** The folders that these are in, and the folders of those. */
  readonly #above = new Set<string>();

  constructor(destination: Destination, budget: Budget, onWarning: ((message: string) => void) | undefined) {
    this.#destination = destination;
    this.#budget = budget;
    this.#onWarning = onWarning;
  }

  async add(entry: ArchiveEntry): Promise<void> {
    const components = nameComponents(entry.name);
    const last = components.at(-1);
    if (last === undefined) return;
    if (last.startsWith(WHITEOUT)) return this.#whiteOut(entry, components, last);
    switch (entry.type) {
      case 'directory':
        await this.#destination.addDirectory(entry, components, (entry.mode & 0o1777) | 0o700);
        break;
      case 'file':
        await this.#destination.addFile(entry, components, (entry.mode & 0o777) | 0o400, (bytes) =>
          this.#budget.addBytes(bytes),
        );
        break;
      case 'symlink':
        await this.#destination.addSymlink(entry, components);
        break;
      case 'link':
        await this.#destination.addLink(entry, components, linkComponents(entry));
        break;
      case 'device':
      case 'fifo':
        this.#onWarning?.(
          `Image entry ${quote(entry.name)} is a ${entry.type === 'fifo' ? 'named pipe' : 'device'} and was left out`,
        );
        return;
    }
    const path = await this.#destination.place(entry.name, components);
    this.#brought.add(path);
    for (let above = dirname(path); !this.#above.has(above); above = dirname(above)) this.#above.add(above);
  }

  async #whiteOut(entry: ArchiveEntry, components: readonly string[], last: string): Promise<void> {
    const path = await this.#destination.place(entry.name, components);
    if (last === OPAQUE) return this.#removeLower(join(path, '..'), true);
    if (last.startsWith(AUFS)) return;
    const name = last.slice(WHITEOUT.length);
    if (name === '' || name === '.' || name === '..')
      throw unsafe(entry.name, 'is a whiteout of the folder itself');
    await this.#removeLower(join(path, '..', name), false);
  }

  /** Removes what lower layers have at `path`; with `keep`, only what is below it. */
  async #removeLower(path: string, keep: boolean): Promise<void> {
    if (!keep && !this.#brought.has(path)) {
      if (!this.#above.has(path)) return this.#destination.remove(path);
    }
    if (!(await isDirectory(path))) return;
    for (const child of await readdir(path)) await this.#removeLower(join(path, child), false);
  }
}

function linkComponents(entry: ArchiveEntry): string[] {
  if (entry.linkName.split('/').includes('..')) {
    throw unsafe(entry.name, `is a hard link to ${quote(entry.linkName)}, which is outside`);
  }
  return nameComponents(entry.linkName.replace(/^\/+/, '')); // some builders write it absolute, meaning the image's root
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
