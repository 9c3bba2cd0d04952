import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { buildpackLayers } from './build.ts';
import type { Buildpack } from './buildpack.ts';
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
      const linked = linkedCaches(buildpack).includes(name) && !layer.launch && !layer.build;
      if (await restoreLayer(folder, name, layer, { cache, linked }, context)) names.push(name);
    }
  }
  if (names.length === 0) return;
  context.output.line(`restored ${names.join(', ')} in ${duration(performance.now() - started)}`);
}

/**
 * Layers that a buildpack wants as links into the cache, which is read-only: it copies what it needs, and a
 * large cache costs nothing while it is not needed. Our own addition to buildpack.toml.
 */
function linkedCaches({ metadata }: Buildpack): readonly unknown[] {
  const names = metadata['linked-caches'];
  return Array.isArray(names) ? names : [];
}

/** @returns whether contents were copied. */
async function restoreLayer(
  folder: string,
  name: string,
  layer: CachedLayer,
  { cache, linked }: { readonly cache: string; readonly linked: boolean },
  context: BuildContext,
): Promise<boolean> {
  if (!layer.cache) {
    if (layer.launch && !layer.build) writeRestoredMetadata(folder, name, layer.metadata);
    return false;
  }
  if (layer.contents === undefined) return false;
  const directory = join(folder, name);
  if (linked) {
    symlinkSync(cacheFolder(cache, layer.contents.folder), directory);
    writeRestoredMetadata(folder, name, layer.metadata);
    return false;
  }
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
