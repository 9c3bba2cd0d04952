import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { OciDescriptor } from '@epinio/core/oci';
import { codeOf, ifThere, syncFolder, writeAtomically } from '../disk.ts';
import { entry, readIndex, tagOf, writeIndex } from './layout-index.ts';
import { Mutex } from './mutex.ts';
import { blobPath, type Paths } from './paths.ts';

/** A blob that is open to be read; who gets it closes the file. */
export interface OpenBlob {
  readonly file: FileHandle;
  readonly size: number;
}

/** One repository: an OCI image layout that this process alone writes to. */
export class Repository {
  readonly name: string;
  readonly folder: string;
  readonly #paths: Paths;
  /** Held by whatever relies on content to stay, or removes it. */
  readonly #mutex = new Mutex();
  #index: readonly OciDescriptor[] | undefined;

  constructor(name: string, paths: Paths) {
    this.name = name;
    this.folder = paths.repository(name);
    this.#paths = paths;
  }

  /** Runs what must not meet a removal half-way. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.#mutex.run(task);
  }

  /** Entries of the index: a manifest has one for each tag, or one without. */
  async index(): Promise<readonly OciDescriptor[]> {
    if (this.#index !== undefined) return this.#index;
    const read = await readIndex(this.folder);
    this.#index ??= read; // a write that came meanwhile knows better
    return this.#index;
  }

  /** Only within `exclusive`. */
  async setIndex(manifests: readonly OciDescriptor[]): Promise<void> {
    await writeIndex(this.folder, manifests, this.#paths.incoming);
    this.#index = manifests;
  }

  /** The manifest of a tag or digest. */
  async manifest(reference: string): Promise<OciDescriptor | undefined> {
    const isDigest = reference.includes(':');
    return (await this.index()).find((item) => (isDigest ? item.digest : tagOf(item)) === reference);
  }

  /** The content of a manifest. */
  async readManifest(digest: string): Promise<Buffer | undefined> {
    return ifThere(readFile(blobPath(this.folder, digest)));
  }

  /** Sorted, as the distribution-spec wants them. */
  async tags(): Promise<string[]> {
    const tags = (await this.index()).map(tagOf).filter((tag) => tag !== undefined);
    return tags.sort();
  }

  /**
   * Bytes of a blob; undefined when it is not here. Who asks is likely to rely on it, so garbage collection
   * lets it be for another while, also after a restart: the file's time says so.
   */
  async touchBlob(digest: string, nowMs: number): Promise<number | undefined> {
    const path = blobPath(this.folder, digest);
    return this.exclusive(() =>
      ifThere(
        (async () => {
          await utimes(path, nowMs / 1000, nowMs / 1000);
          return (await stat(path)).size;
        })(),
      ),
    );
  }

  async openBlob(digest: string): Promise<OpenBlob | undefined> {
    const file = await ifThere(open(blobPath(this.folder, digest), 'r'));
    return file && { file, size: (await file.stat()).size };
  }

  /** Takes over a file of verified content, which it removes from where it was. */
  async adoptBlob(file: string, digest: string, nowMs: number): Promise<void> {
    const path = blobPath(this.folder, digest);
    const shared = this.#paths.sharedBlob(digest);
    await this.exclusive(async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await mkdir(dirname(shared), { recursive: true, mode: 0o700 });
      if (!(await this.#linkSame(shared, file, path))) await linkNew(file, path);
      await linkNew(path, shared);
      await utimes(path, nowMs / 1000, nowMs / 1000); // one that was here already is young again
    });
    await unlink(file);
  }

  /** @returns false when no repository has the blob. */
  async mountBlob(digest: string, nowMs: number): Promise<boolean> {
    const path = blobPath(this.folder, digest);
    const isThere = await this.exclusive(async () => {
      const shared = this.#paths.sharedBlob(digest);
      if ((await ifThere(stat(shared))) === undefined) return false;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return link(shared, path).then(
        () => true,
        (error: unknown) => codeOf(error) === 'EEXIST',
      );
    });
    return isThere && (await this.touchBlob(digest, nowMs)) !== undefined;
  }

  /** @returns false when it was not here. */
  async deleteBlob(digest: string): Promise<boolean> {
    return this.exclusive(async () => {
      const removed = await ifThere(unlink(blobPath(this.folder, digest)).then(() => true));
      return removed ?? false;
    });
  }

  /** Only within `exclusive`. All that the manifest refers to is on the disk when it gets its name. */
  async putManifest(descriptor: OciDescriptor, content: Uint8Array, tags: readonly string[]): Promise<void> {
    const path = blobPath(this.folder, descriptor.digest);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeAtomically(path, content, this.#paths.incoming);
    const blobs = join(this.folder, 'blobs');
    for (const algorithm of await readdir(blobs)) await syncFolder(join(blobs, algorithm));
    await syncFolder(blobs);
    await syncFolder(this.#paths.repositories);
    await this.setIndex(withManifest(await this.index(), descriptor, tags));
  }

  /** @returns false when there is no such tag. Its manifest stays for a while. */
  async deleteTag(tag: string): Promise<boolean> {
    return this.exclusive(async () => {
      const index = await this.index();
      const found = index.find((item) => tagOf(item) === tag);
      if (found === undefined) return false;
      const others = index.filter((item) => item !== found);
      const isLast = others.every(({ digest }) => digest !== found.digest);
      await this.setIndex(isLast ? [...others, entry(found)] : others);
      return true;
    });
  }

  /** @returns false when there is no such manifest. All its tags go with it. */
  async deleteManifest(digest: string): Promise<boolean> {
    return this.exclusive(async () => {
      const index = await this.index();
      const others = index.filter((item) => item.digest !== digest);
      if (others.length === index.length) return false;
      await this.setIndex(others);
      return true;
    });
  }

  /** Removes everything, at once for whoever looks. */
  async delete(): Promise<void> {
    await this.exclusive(async () => {
      const trash = join(this.#paths.incoming, `removed-${randomUUID()}`);
      await ifThere(rename(this.folder, trash));
      this.#index = []; // not undefined: a read that is under way would fill in what is gone
      await rm(trash, { recursive: true, force: true });
    });
  }

  /** True when the shared blob could be taken, and so `file` is not needed. */
  async #linkSame(shared: string, file: string, path: string): Promise<boolean> {
    const found = await ifThere(stat(shared));
    if (found === undefined) return false;
    if (found.size !== (await stat(file)).size) {
      await rm(shared, { force: true }); // damaged: the new one takes its place
      await rm(path, { force: true });
      return false;
    }
    return link(shared, path).then(
      () => true,
      (error: unknown) => codeOf(error) === 'EEXIST',
    );
  }
}

async function linkNew(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}

/** The index with the manifest under these tags, which others lose. */
function withManifest(
  index: readonly OciDescriptor[],
  descriptor: OciDescriptor,
  tags: readonly string[],
): readonly OciDescriptor[] {
  const losers = index.filter((item) => tags.includes(tagOf(item) ?? ''));
  const kept = index.filter(
    (item) => !losers.includes(item) && (item.digest !== descriptor.digest || tagOf(item) !== undefined),
  );
  const fresh = tags.map((tag) => entry(descriptor, tag));
  const named = new Set([...kept, ...fresh].map(({ digest }) => digest));
  const untagged = [...losers, descriptor]
    .filter(({ digest }) => !named.has(digest))
    .map((item) => entry(item));
  return [
    ...kept,
    ...fresh,
    ...untagged.filter((item, at) => untagged.findIndex(({ digest }) => digest === item.digest) === at),
  ];
}
