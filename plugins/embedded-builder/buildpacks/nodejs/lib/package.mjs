import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';

/** Reads package.json. Scripts and dependencies are there, if empty. */
export function readPackage(app) {
  let manifest;
  try {
    manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  } catch (error) {
    throw new Failure(`package.json is not valid JSON: ${error.message}`);
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    throw new Failure('package.json holds no object');
  }
  return {
    ...manifest,
    scripts: manifest.scripts ?? {},
    dependencies: { ...manifest.dependencies, ...manifest.optionalDependencies },
    devDependencies: manifest.devDependencies ?? {},
  };
}

/** The lock file that npm would use. */
export function lockFile(app) {
  return ['npm-shrinkwrap.json', 'package-lock.json'].find((name) => existsSync(join(app, name)));
}

/**
 * Why dependencies cannot be installed away from the sources, where they would be a layer of their own.
 * @returns undefined when they can
 */
export function needsSources(app, manifest) {
  const script = ['preinstall', 'install', 'postinstall', 'prepare'].find((name) => name in manifest.scripts);
  if (script !== undefined) return `package.json has a script "${script}"`;
  if (manifest.workspaces !== undefined) return 'package.json has workspaces';
  if (existsSync(join(app, 'binding.gyp'))) return 'there is a binding.gyp';
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  const local = Object.entries(all).find(([, version]) =>
    /^(file|link|workspace):|^[./~]/.test(String(version)),
  );
  return local === undefined ? undefined : `dependency "${local[0]}" is a local folder`;
}
