import { closeSync, constants, fchmodSync, futimesSync, openSync, writeSync, type Stats } from 'node:fs';
import {
  chmod,
  lchown,
  link,
  lstat,
  open,
  readlink,
  rm,
  symlink,
  unlink,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, invalid, quote } from './archive-error.ts';
import { isMissing } from './confinement.ts';
import type { ArchiveEntry } from './entry.ts';
import { Folders } from './folders.ts';
import { Turn } from './turn.ts';

/** Files up to this size are written in one go, without the thread pool: that takes a third of the time. */
const SMALL = 64 * 1024;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** User and group that extracted files are given. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface DestinationOptions {
  /** What a link on the way of a name means: an error, or (for images) a folder inside the root. */
  readonly links: 'refuse' | 'follow-inside';
  readonly keepTimes: boolean;
  /** Called without an entry for folders that none speaks of. Absent: everything belongs to who runs this. */
  readonly owner?: ((entry?: ArchiveEntry) => Owner) | undefined;
}

/** A folder that entries are written to. No path outside of it is ever opened. */
export class Destination {
  readonly #options: DestinationOptions;
  readonly #turn = new Turn();
  readonly #folders: Folders;
  readonly #folderTimes: (readonly [path: string, mtime: Date])[] = [];

  constructor(root: string, options: DestinationOptions) {
    this.#options = options;
    this.#folders = new Folders(root, {
      links: options.links,
      made: (path) => this.#own(path),
    });
  }

  /** To be called after the last entry. */
  async finish(): Promise<void> {
    for (const [path, mtime] of this.#folderTimes.reverse()) {
      await utimes(path, mtime, mtime).catch((error: unknown) => {
        if (!isMissing(error)) throw error; // a later entry may have taken its place
      });
    }
  }

  /** The real path of a name, its parent folders made. */
  async place(entry: string, components: readonly string[]): Promise<string> {
    return join(await this.#folders.through(entry, components.slice(0, -1)), components.at(-1) ?? '');
  }

  async addDirectory(entry: ArchiveEntry, components: readonly string[], mode: number): Promise<void> {
    const path = await this.#folders.at(entry.name, components);
    await chmod(path, mode);
    await this.#own(path, entry);
    if (this.#options.keepTimes) this.#folderTimes.push([path, entry.mtime]);
  }

  /** `count` is called with the bytes as they come, before they are written. */
  async addFile(
    entry: ArchiveEntry,
    components: readonly string[],
    mode: number,
    count: (bytes: number) => void,
  ): Promise<void> {
    const path = await this.place(entry.name, components);
    if (entry.size > SMALL) {
      await this.#writeFile(entry, path, mode, counted(entry.content, count));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of counted(entry.content, count)) chunks.push(chunk);
    await this.#turn.take();
    await this.#writeSmallFile(entry, path, mode, chunks);
  }

  async addSymlink(entry: ArchiveEntry, components: readonly string[]): Promise<void> {
    const path = await this.place(entry.name, components);
    await this.#clear(entry.name, path);
    await symlink(entry.linkName, path).catch((error: unknown) => {
      throw diskError(error, entry.name);
    });
    await this.#own(path, entry);
  }

  /** A hard link to what an earlier entry, or a lower layer, made. */
  async addLink(
    entry: ArchiveEntry,
    components: readonly string[],
    target: readonly string[],
  ): Promise<void> {
    const path = await this.place(entry.name, components);
    const from = await this.place(entry.name, target);
    if (from === path) return;
    const found = await lstatOf(from);
    if (found === undefined)
      throw invalid(`is a hard link to ${quote(entry.linkName)}, which is not there`, entry.name);
    if (found.isDirectory())
      throw invalid(`is a hard link to ${quote(entry.linkName)}, which is a folder`, entry.name);
    await this.#clear(entry.name, path);
    if (found.isSymbolicLink())
      await symlink(await readlink(from), path); // link(2) follows it on some systems
    else await link(from, path);
  }

  /** Removes what is at a path, with all that is below. */
  async remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
    this.#folders.forget();
  }

  async #writeFile(
    entry: ArchiveEntry,
    path: string,
    mode: number,
    content: AsyncIterable<Buffer> | Iterable<Buffer>,
  ): Promise<void> {
    const file = await this.#create(entry.name, path);
    try {
      for await (const chunk of content) await writeAll(file, entry.name, chunk);
      await file.chmod(mode); // not left to the umask
      if (this.#options.keepTimes) await file.utimes(entry.mtime, entry.mtime);
    } finally {
      await file.close();
    }
    await this.#own(path, entry);
  }

  async #writeSmallFile(
    entry: ArchiveEntry,
    path: string,
    mode: number,
    chunks: readonly Buffer[],
  ): Promise<void> {
    let file: number;
    try {
      file = openSync(path, NEW_FILE, 0o600);
    } catch (error) {
      if (!isTaken(error)) throw diskError(error, entry.name);
      await this.#clear(entry.name, path);
      file = openSync(path, NEW_FILE, 0o600);
    }
    try {
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
      }
      fchmodSync(file, mode); // not left to the umask
      if (this.#options.keepTimes) futimesSync(file, entry.mtime, entry.mtime);
    } catch (error) {
      throw diskError(error, entry.name);
    } finally {
      closeSync(file);
    }
    await this.#own(path, entry);
  }

  async #own(path: string, entry?: ArchiveEntry): Promise<void> {
    const owner = this.#options.owner?.(entry);
    if (owner !== undefined) await lchown(path, owner.uid, owner.gid);
  }

  /** Opens a new file; an earlier one of the same name is replaced, never written through. */
  async #create(entry: string, path: string): Promise<FileHandle> {
    try {
      return await open(path, NEW_FILE, 0o600);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        throw diskError(error, entry);
    }
    await this.#clear(entry, path);
    return open(path, NEW_FILE, 0o600);
  }

  /** Makes room for something that is not a folder. */
  async #clear(entry: string, path: string): Promise<void> {
    const found = await lstatOf(path);
    if (found === undefined) return;
    if (!found.isDirectory()) return unlink(path);
    if (this.#options.links === 'refuse') throw invalid('is there twice, once as a folder', entry);
    await rm(path, { recursive: true, force: true });
    this.#folders.forget();
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

async function* counted(
  content: AsyncIterable<Buffer>,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of content) {
    count(chunk.length);
    yield chunk;
  }
}

async function writeAll(file: FileHandle, entry: string, chunk: Buffer): Promise<void> {
  try {
    for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
  } catch (error) {
    throw diskError(error, entry);
  }
}

async function lstatOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
