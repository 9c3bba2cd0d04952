import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EpinioError } from '../kernel/errors.ts';
import { quote } from './archive-error.ts';
import { linkStaysInside } from './confinement.ts';
import { openFile, readSmallFile } from './read-file.ts';
import { sourceError } from './source-error.ts';
import type { TarEntry } from './tar-writer.ts';
import { walk, type Found, type Include } from './walk.ts';

/** Files up to this size are read ahead of their turn. */
const SMALL = 64 * 1024;
const AHEAD = 16;

export interface TreeOptions {
  readonly include?: Include | undefined;
  /** `inside`: a symbolic link that leads out of the folder is an error. `any`: kept, as images have them. */
  readonly links: 'inside' | 'any';
  /** Changes where a symbolic link leads; `name` is that of the entry. Default: as it is. */
  readonly linkTarget?: ((name: string, target: string) => string) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

type Loaded = TarEntry | { readonly large: Found } | undefined;

/** The entries of a tar of everything below `directory`, in the order of `walk`; names begin with `prefix`. */
export async function* treeEntries(
  directory: string,
  prefix: string,
  options: TreeOptions,
): AsyncGenerator<TarEntry, void, undefined> {
  const ahead: Promise<Loaded>[] = [];
  for await (const found of walk(directory, options.include ?? (() => true))) {
    options.signal?.throwIfAborted();
    const loading = load(directory, prefix, found, options);
    loading.catch(() => undefined); // it shows when its turn comes
    ahead.push(loading);
    if (ahead.length >= AHEAD) yield* next(ahead, directory, prefix, options);
  }
  while (ahead.length > 0) yield* next(ahead, directory, prefix, options);
}

async function* next(
  ahead: Promise<Loaded>[],
  directory: string,
  prefix: string,
  { signal }: TreeOptions,
): AsyncGenerator<TarEntry, void, undefined> {
  const loaded = await ahead.shift();
  if (loaded === undefined) return;
  if (!('large' in loaded)) return yield loaded;
  const { path } = loaded.large;
  const file = await openFile(join(directory, path), path);
  try {
    const { size, executable, content } = file;
    yield { name: prefix + path, type: 'file', executable, size, content: abortable(content, signal) };
  } finally {
    await file.close();
  }
}

async function load(directory: string, prefix: string, found: Found, options: TreeOptions): Promise<Loaded> {
  const name = prefix + found.path;
  const path = join(directory, found.path);
  switch (found.type) {
    case 'directory':
      return { name, type: 'directory' };
    case 'file': {
      const file = await readSmallFile(path, found.path, SMALL);
      return file === undefined
        ? { large: found }
        : { name, type: 'file', size: file.content.length, ...file };
    }
    case 'symlink':
      return { name, type: 'symlink', linkName: await readLink(directory, found.path, name, options) };
    case 'other':
      options.onWarning?.(
        `${quote(found.path)} is neither file, folder nor link (a socket or pipe) and is left out`,
      );
      return undefined;
  }
}

async function readLink(
  directory: string,
  path: string,
  name: string,
  { links, linkTarget }: TreeOptions,
): Promise<string> {
  const target = await readlink(join(directory, path)).catch((error: unknown) => {
    throw sourceError(error, path);
  });
  if (links === 'inside' && !(await linkStaysInside(directory, path, target))) {
    throw new EpinioError(
      'SOURCE_LINK_OUTSIDE',
      `${quote(path)} is a link to ${quote(target)}, which is outside of the folder`,
      {
        fix: 'Replace the link by a copy of what it points to, or list it in .epinioignore',
      },
    );
  }
  return linkTarget === undefined ? target : linkTarget(name, target);
}

async function* abortable(
  content: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of content) {
    signal?.throwIfAborted();
    yield chunk;
  }
}
