import { readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { OciDescriptor } from '@epinio/core/oci';
import { codeOf, ifThere } from '../disk.ts';
import type { ImageStore } from './image-store.ts';
import { tagOf } from './layout-index.ts';
import { readManifestContent, type ManifestContent } from './manifest-content.ts';
import { blobPath } from './paths.ts';
import type { Repository } from './repository.ts';

export interface GarbageOptions {
  readonly nowMs: number;
  /** For blobs that no manifest refers to. */
  readonly keepUnreferencedMs: number;
  /** For manifests without a tag. */
  readonly keepUntaggedMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of a repository that could not be looked through; the others are. */
  readonly onError: (repository: string, error: unknown) => void;
}

export interface Collected {
  readonly manifests: number;
  readonly blobs: number;
  /** Freed on the disk. */
  readonly bytes: number;
}

/**
 * Removes what nothing refers to. Safe beside pushes: a blob counts as young from the moment that a client
 * asked for it, and each repository is locked while it is looked at.
 */
export async function collectGarbage(store: ImageStore, options: GarbageOptions): Promise<Collected> {
  let manifests = 0;
  let blobs = 0;
  for (const name of await store.names()) {
    options.signal?.throwIfAborted();
    const repository = store.repository(name);
    const collecting = repository.exclusive(async () => {
      manifests += await dropUntagged(repository, options);
      blobs += await sweepBlobs(repository, options);
      await removeIfEmpty(repository);
    });
    await collecting.catch((error: unknown) => options.onError(name, error));
  }
  return { manifests, blobs, bytes: await sweepShared(store) };
}

/**
 * Removes shared blobs that no repository has: those with one link. There is never a moment in which a blob
 * in use has one, since it gets its repository's link first.
 */
export async function sweepShared(store: ImageStore): Promise<number> {
  let bytes = 0;
  for (const algorithm of await readdir(store.paths.blobs)) {
    const folder = join(store.paths.blobs, algorithm);
    for (const name of await readdir(folder)) {
      const found = await ifThere(stat(join(folder, name)));
      if (found?.nlink !== 1) continue;
      await ifThere(unlink(join(folder, name)));
      bytes += found.size;
    }
  }
  return bytes;
}

async function dropUntagged(repository: Repository, options: GarbageOptions): Promise<number> {
  const index = await repository.index();
  const contents = await readContents(repository, index);
  const keep = new Set<string>();
  for (const item of index) {
    const age = options.nowMs - (await modifiedMs(repository, item.digest));
    if (tagOf(item) !== undefined || age < options.keepUntaggedMs) keep.add(item.digest);
  }
  for (let before = -1; before !== keep.size;) {
    before = keep.size;
    for (const [digest, { manifests, subject }] of contents) {
      if (keep.has(digest)) for (const child of manifests) keep.add(child.digest);
      else if (subject !== undefined && keep.has(subject.digest)) keep.add(digest);
    }
  }
  const kept = index.filter(({ digest }) => keep.has(digest));
  if (kept.length < index.length) await repository.setIndex(kept);
  return index.length - kept.length;
}

async function sweepBlobs(repository: Repository, options: GarbageOptions): Promise<number> {
  const index = await repository.index();
  const used = new Set(index.map(({ digest }) => digest));
  for (const { blobs } of (await readContents(repository, index)).values()) {
    for (const { digest } of blobs) used.add(digest);
  }
  let removed = 0;
  for (const digest of await blobDigests(repository)) {
    if (used.has(digest)) continue;
    if (options.nowMs - (await modifiedMs(repository, digest)) < options.keepUnreferencedMs) continue;
    await ifThere(unlink(blobPath(repository.folder, digest)));
    removed += 1;
  }
  return removed;
}

async function readContents(
  repository: Repository,
  index: readonly OciDescriptor[],
): Promise<Map<string, ManifestContent>> {
  const contents = new Map<string, ManifestContent>();
  for (const { digest, mediaType } of index) {
    const bytes = contents.has(digest) ? undefined : await repository.readManifest(digest);
    const content = bytes && readManifestContent(bytes, mediaType);
    if (typeof content === 'string')
      throw new Error(`manifest ${digest} of "${repository.name}" is damaged: ${content}`);
    if (content !== undefined) contents.set(digest, content);
  }
  return contents;
}

async function blobDigests(repository: Repository): Promise<string[]> {
  const folder = join(repository.folder, 'blobs');
  const algorithms = (await ifThere(readdir(folder))) ?? [];
  const digests = await Promise.all(
    algorithms.map(async (algorithm) =>
      (await readdir(join(folder, algorithm))).map((hex) => `${algorithm}:${hex}`),
    ),
  );
  return digests.flat();
}

async function modifiedMs(repository: Repository, digest: string): Promise<number> {
  return (await ifThere(stat(blobPath(repository.folder, digest))))?.mtimeMs ?? 0;
}

/** A repository without content is forgotten. */
async function removeIfEmpty(repository: Repository): Promise<void> {
  if ((await repository.index()).length > 0) return;
  const folder = join(repository.folder, 'blobs');
  for (const algorithm of (await ifThere(readdir(folder))) ?? []) {
    const isEmpty = await rmdir(join(folder, algorithm)).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === 'ENOTEMPTY') return false;
        throw error;
      },
    );
    if (!isEmpty) return;
  }
  for (const name of ['index.json', 'oci-layout']) await ifThere(unlink(join(repository.folder, name)));
  await ifThere(rmdir(folder));
  await ifThere(rmdir(repository.folder));
}
