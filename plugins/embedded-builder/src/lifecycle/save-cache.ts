import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { cacheFolder, readCacheIndex, writeCacheIndex } from './cache.ts';
import type { CachedBuildpack, CachedLayer } from './cache.ts';
import { copyTree, openTree } from './copy-tree.ts';
import { fingerprint } from './fingerprint.ts';
import { isRealDirectory } from './layer.ts';
import { bytes, duration } from './output.ts';
import type { Output } from './output.ts';

export interface SaveCacheOptions {
  readonly cache: string;
  /** Bytes that contents may take together; what comes after is not kept. */
  readonly limit: number;
  /** What the build left; contents are still to be kept. */
  readonly buildpacks: readonly CachedBuildpack[];
  /** Where the contents of a layer are now. */
  readonly directoryOf: (buildpack: string, layer: string) => string;
  readonly output: Output;
}

/**
 * Keeps cached layers for the next build. Contents that were restored and not written to since are kept as
 * they are. What is being kept becomes valid at once, with the index, so a crash loses nothing.
 */
export async function saveCache(options: SaveCacheOptions): Promise<void> {
  const { cache, limit, output } = options;
  const started = performance.now();
  const before = readCacheIndex(cache);
  const buildpacks: CachedBuildpack[] = [];
  const copied: string[] = [];
  let room = limit;
  if (!existsSync(cacheFolder(cache))) {
    mkdirSync(cacheFolder(cache), { recursive: true });
    await openTree(cacheFolder(cache));
  }
  for (const buildpack of options.buildpacks) {
    const layers: Record<string, CachedLayer> = {};
    for (const [name, layer] of Object.entries(buildpack.layers)) {
      layers[name] = layer;
      if (!layer.cache) continue;
      const directory = options.directoryOf(buildpack.id, name);
      const old = before.buildpacks.find(({ id }) => id === buildpack.id)?.layers[name]?.contents;
      if (!isRealDirectory(directory)) {
        // Restored as a link, and left so.
        if (old !== undefined) layers[name] = { ...layer, contents: old };
        continue;
      }
      const found = fingerprint(directory);
      if (found.size > room) {
        output.line(`"${name}" is not cached: ${bytes(found.size)}, and there is room for ${bytes(room)}`);
        continue;
      }
      room -= found.size;
      if (old?.fingerprint === found.text) {
        layers[name] = { ...layer, contents: old };
        continue;
      }
      const folder = randomBytes(8).toString('hex');
      try {
        await copyTree(directory, cacheFolder(cache, folder));
        await openTree(cacheFolder(cache, folder));
      } catch (error) {
        rmSync(cacheFolder(cache, folder), { recursive: true, force: true });
        throw error;
      }
      copied.push(name);
      layers[name] = { ...layer, contents: { folder, fingerprint: found.text } };
    }
    buildpacks.push({ ...buildpack, layers });
  }
  writeCacheIndex(cache, { buildpacks });
  if (copied.length > 0)
    output.line(`cached ${copied.join(', ')} in ${duration(performance.now() - started)}`);
}
