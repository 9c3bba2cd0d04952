import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A TOML basic string: JSON's escapes are TOML's, but for the delete character. */
const toml = (text) => JSON.stringify(text).replaceAll('\x7f', '\\u007f');

/** Declares a layer and makes its folder. `key` is what a later build compares. @returns the folder */
export function writeLayer(layers, name, { launch = false, build = false, cache = false, key }) {
  const directory = join(layers, name);
  mkdirSync(directory, { recursive: true });
  declareLayer(layers, name, { launch, build, cache, key });
  return directory;
}

/** Declares a layer without making its folder: one that is in the previous image is then used again. */
export function declareLayer(layers, name, { launch = false, build = false, cache = false, key }) {
  const lines = ['[types]', `launch = ${launch}`, `build = ${build}`, `cache = ${cache}`];
  if (key !== undefined) lines.push('[metadata]', `key = ${toml(key)}`);
  writeFileSync(join(layers, `${name}.toml`), `${lines.join('\n')}\n`);
}

/**
 * The folder of a layer, to be written to. One that was restored as a link into the cache is copied for that;
 * see "linked-caches" in buildpack.toml.
 */
export function ownLayer(layers, name) {
  const directory = join(layers, name);
  const isLink = lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  const cached = isLink ? readlinkSync(directory) : undefined;
  if (isLink) rmSync(directory);
  mkdirSync(directory, { recursive: true });
  if (cached === undefined) return directory;
  execFileSync('cp', ['-RpP', `${cached}/.`, directory]);
  return directory;
}

/** The key that the last build gave to a layer. @returns undefined when there was none */
export function previousKey(layers, name) {
  try {
    return /^key = "([^"]*)"$/m.exec(readFileSync(join(layers, `${name}.toml`), 'utf8'))?.[1];
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Takes back what was restored of a layer. */
export function dropLayer(layers, name) {
  rmSync(join(layers, name), { recursive: true, force: true });
  rmSync(join(layers, `${name}.toml`), { force: true });
}

export function writeEnvironment(layer, file, value) {
  mkdirSync(join(layer, 'env.launch'), { recursive: true });
  writeFileSync(join(layer, 'env.launch', file), value);
}

export function writeLaunch(layers, { type, command, isDefault }) {
  const lines = ['[[processes]]', `type = ${toml(type)}`, `command = [${command.map(toml).join(', ')}]`];
  if (isDefault) lines.push('default = true');
  writeFileSync(join(layers, 'launch.toml'), `${lines.join('\n')}\n`);
}
