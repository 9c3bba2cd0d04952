import { EpinioError } from '../kernel/errors.ts';
import { openFile } from '../archive/read-file.ts';
import type { TarEntry } from '../archive/tar-writer.ts';
import { treeEntries } from '../archive/tree-entries.ts';
import type { LayerSource, WriteLayerOptions } from './write-layer.ts';

/** The entries of a layer: what each source brings, the folders above it first. */
export async function* layerEntries({
  sources,
  signal,
  onWarning,
}: Pick<WriteLayerOptions, 'sources' | 'signal' | 'onWarning'>): AsyncGenerator<TarEntry, void, undefined> {
  const made = new Set<string>();
  for (const source of sources) {
    const components = layerPath(source.at);
    const isTree = 'directory' in source;
    for (let length = 1; length < components.length + (isTree ? 1 : 0); length++) {
      const name = components.slice(0, length).join('/');
      if (!made.has(name)) yield { name, type: 'directory' };
      made.add(name);
    }
    const name = components.join('/');
    if (isTree) {
      const { directory, include, linkTarget } = source;
      yield* treeEntries(directory, name === '' ? '' : `${name}/`, {
        include,
        links: 'any',
        linkTarget,
        signal,
        onWarning,
      });
    } else yield* single(name, source);
  }
}

async function* single(
  name: string,
  source: Exclude<LayerSource, { directory: string }>,
): AsyncGenerator<TarEntry, void, undefined> {
  if ('linkTo' in source) return yield { name, type: 'symlink', linkName: source.linkTo };
  if ('content' in source) {
    const content = Buffer.from(source.content as Uint8Array);
    return yield {
      name,
      type: 'file',
      executable: source.executable ?? false,
      size: content.length,
      content,
    };
  }
  const file = await openFile(source.file, source.file);
  try {
    const { size, executable, content } = file;
    yield { name, type: 'file', executable, size, content };
  } finally {
    await file.close();
  }
}

function layerPath(at: string): string[] {
  const components = at.split('/').filter((component) => component !== '' && component !== '.');
  if (components.includes('..'))
    throw new EpinioError('LAYER_INVALID', `"${at}" leads out of the image`, { fault: 'system' });
  return components;
}
