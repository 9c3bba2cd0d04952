import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentChange } from './environment.ts';
import type { Table } from './toml.ts';

/** Raised when the file's form changes: a cache of another form is as good as none. */
const FORM = 1;

/** What the cache volume knows of one layer of the last successful build. */
export interface CachedLayer {
  readonly launch: boolean;
  readonly build: boolean;
  readonly cache: boolean;
  readonly metadata: Table;
  /** Of launch layers: where the image has it. */
  readonly image?: ImageLayer;
  /** Of cached layers: the folder below `layers/`, and what was in it. */
  readonly contents?: { readonly folder: string; readonly fingerprint: string };
}

/** A layer of the pushed image, with what it does to the environment, which is not read from the registry again. */
export interface ImageLayer {
  readonly diffId: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly changes: readonly ProcessChanges[];
}

/** Modifications for every process, or for the one named. Paths are those inside the image. */
export interface ProcessChanges {
  readonly process?: string;
  readonly changes: readonly EnvironmentChange[];
}

export interface CachedBuildpack {
  readonly id: string;
  readonly version: string;
  /** Of store.toml. */
  readonly store?: Table;
  readonly layers: Readonly<Record<string, CachedLayer>>;
}

export interface CacheIndex {
  readonly buildpacks: readonly CachedBuildpack[];
}

const INDEX = 'index.json';

/** Where the contents of cached layers lie. */
export function cacheFolder(cache: string, folder = ''): string {
  return join(cache, 'layers', folder);
}

/** What the last successful build left. An absent, broken or older index is an empty one: a cache may be lost. */
export function readCacheIndex(cache: string): CacheIndex {
  const file = join(cache, INDEX);
  if (!existsSync(file)) return { buildpacks: [] };
  try {
    const parsed = JSON.parse(readFileSync(file, 'utf8')) as CacheIndex & { readonly form?: number };
    return parsed.form === FORM && Array.isArray(parsed.buildpacks) ? parsed : { buildpacks: [] };
  } catch (error) {
    if (error instanceof SyntaxError) return { buildpacks: [] };
    throw error;
  }
}

/** Replaces the index as a whole, then removes contents that it no longer names. */
export function writeCacheIndex(cache: string, index: CacheIndex): void {
  const file = join(cache, INDEX);
  const temporary = `${file}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, 'w');
  try {
    writeSync(descriptor, JSON.stringify({ form: FORM, ...index }));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
  removeUnnamed(cache, index);
}

function removeUnnamed(cache: string, index: CacheIndex): void {
  const folder = cacheFolder(cache);
  if (!existsSync(folder)) return;
  const named = new Set(
    index.buildpacks.flatMap(({ layers }) => Object.values(layers).map(({ contents }) => contents?.folder)),
  );
  for (const name of readdirSync(folder)) {
    if (!named.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
