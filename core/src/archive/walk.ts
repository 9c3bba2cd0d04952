import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceError } from './source-error.ts';

/** Something in a folder; `path` is relative to it, with `/` between names. */
export interface Found {
  readonly path: string;
  readonly type: 'directory' | 'file' | 'symlink' | 'other';
}

/** Decides what is walked; a folder that is left out is not looked into. Paths are relative, with `/`. */
export type Include = (path: string, isDirectory: boolean) => boolean;

/**
 * Everything below `directory`, parents first, sorted by name (by UTF-16 code unit, so the same everywhere).
 * Links are found, never followed, so loops end. Memory: the names of one folder per level.
 */
export async function* walk(
  directory: string,
  include: Include,
  prefix = '',
): AsyncGenerator<Found, void, undefined> {
  let names: Dirent[];
  try {
    names = await readdir(join(directory, prefix), { withFileTypes: true });
  } catch (error) {
    throw sourceError(error, prefix === '' ? directory : prefix);
  }
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const name of names) {
    const path = prefix === '' ? name.name : `${prefix}/${name.name}`;
    const type = typeOf(name);
    if (!include(path, type === 'directory')) continue;
    yield { path, type };
    if (type === 'directory') yield* walk(directory, include, path);
  }
}

function typeOf(name: Dirent): Found['type'] {
  if (name.isFile()) return 'file';
  if (name.isDirectory()) return 'directory';
  return name.isSymbolicLink() ? 'symlink' : 'other';
}
