import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { buildpackLayers } from './build.ts';
import { cacheFolder, readCacheIndex } from './cache.ts';
import type { CachedLayer } from './cache.ts';
import { copyTree } from './copy-tree.ts';
import type { BuildContext } from './detect.ts';
import { writeRestoredMetadata } from './layer.ts';
import type { Group } from './order.ts';
import { duration } from './output.ts';

/**
 * Gives each buildpack of the group what it may reuse from the last build: cached layers with their
 * contents, layers that are in the image only by what was said of them (Buildpack Interface Specification,
 * "Layer Types"). A layer that cannot be restored is left out, and said.
 */
export async function restore(group: Group, cache: string, context: BuildContext): Promise<void> {
  const started = performance.now();
  const index = readCacheIndex(cache);
  const names: string[] = [];
  for (const { buildpack } of group) {
    const cached = index.buildpacks.find(({ id }) => id === buildpack.id);
    if (cached === undefined) continue;
    const folder = buildpackLayers(context, buildpack);
    if (cached.store !== undefined) {
      writeFileSync(join(folder, 'store.toml'), stringify({ metadata: cached.store }));
    }
    for (const [name, layer] of Object.entries(cached.layers)) {
      if (await restoreLayer(folder, name, layer, cache, context)) names.push(name);
    }
  }
  if (names.length === 0) return;
  context.output.line(`restored ${names.join(', ')} in ${duration(performance.now() - started)}`);
}

/** @returns whether contents were restored. */
async function restoreLayer(
  folder: string,
  name: string,
  layer: CachedLayer,
  cache: string,
  context: BuildContext,
): Promise<boolean> {
  if (!layer.cache) {
    if (layer.launch && !layer.build) writeRestoredMetadata(folder, name, layer.metadata);
    return false;
  }
  if (layer.contents === undefined) return false;
  const directory = join(folder, name);
  try {
    await copyTree(cacheFolder(cache, layer.contents.folder), directory);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    context.output.line(`layer "${name}" is not in the cache any more: ${(error as Error).message}`);
    return false;
  }
  writeRestoredMetadata(folder, name, layer.metadata);
  return true;
}
