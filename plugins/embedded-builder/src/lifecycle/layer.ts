import { lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { readToml } from './toml.ts';
import type { Table } from './toml.ts';

/** What a buildpack says of one of its layers in `<layer>.toml`. */
export interface LayerMetadata {
  readonly launch: boolean;
  readonly build: boolean;
  readonly cache: boolean;
  /** The buildpack's own data, by which it knows on the next build whether the layer still fits. */
  readonly metadata: Table;
}

export interface Layer extends LayerMetadata {
  readonly name: string;
  /** Where its contents are, or would be. */
  readonly directory: string;
  /** False when the buildpack only asks for the previous image's layer again. */
  readonly present: boolean;
  /** The contents are a link into the cache, as they were restored: nothing was changed. */
  readonly linked: boolean;
}

/** TOML files of a buildpack's layers folder that describe no layer. */
const RESERVED: readonly string[] = ['launch', 'build', 'store'];

/** The layers of one buildpack, by name ascending. */
export function readLayers(buildpackLayers: string, exitCode: number): readonly Layer[] {
  if (!isRealDirectory(buildpackLayers)) return [];
  return readdirSync(buildpackLayers)
    .filter((file) => file.endsWith('.toml'))
    .map((file) => file.slice(0, -'.toml'.length))
    .filter((name) => name !== '' && !RESERVED.includes(name))
    .sort()
    .map((name) => {
      const directory = join(buildpackLayers, name);
      return {
        name,
        directory,
        present: isRealDirectory(directory),
        linked: lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink() ?? false,
        ...readLayer(`${directory}.toml`, exitCode),
      };
    });
}

function readLayer(file: string, exitCode: number): LayerMetadata {
  const toml = readToml(file, exitCode);
  if (toml === undefined) throw new LifecycleError(exitCode, `File "${file}" is gone`);
  const types = toml.child('types');
  return {
    launch: types.boolean('launch'),
    build: types.boolean('build'),
    cache: types.boolean('cache'),
    metadata: toml.child('metadata').table,
  };
}

/** Restores what a buildpack said of a layer, without its types: it has to ask for the layer anew. */
export function writeRestoredMetadata(buildpackLayers: string, name: string, metadata: Table): void {
  try {
    writeFileSync(join(buildpackLayers, `${name}.toml`), stringify({ metadata }));
  } catch (error) {
    throw new LifecycleError(EXIT.restore, `Metadata of layer "${name}" cannot be restored`, {
      cause: error,
    });
  }
}

/** True for a folder, false for a link to one: what untrusted code leaves behind is never followed. */
export function isRealDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
