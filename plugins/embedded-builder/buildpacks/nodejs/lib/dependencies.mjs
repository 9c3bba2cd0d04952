import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, lstatSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { declareLayer, dropLayer, ownLayer, previousKey, writeLayer } from './layer.mjs';
import { npm } from './npm.mjs';
import { lockFile, needsSources } from './package.mjs';

/**
 * Installs what the application needs, and runs its build script with what that needs.
 * `modules` is the layer with production dependencies, `build-modules` one with all of them.
 * @returns where the programs of the dependencies are at run time
 */
export async function dependencies({ app, layers, manifest }) {
  const isEmpty = (map) => Object.keys(map).length === 0;
  const hasProduction = !isEmpty(manifest.dependencies);
  const hasBuild = typeof manifest.scripts.build === 'string';
  const hasDevelopment = hasBuild && !isEmpty(manifest.devDependencies);
  const inSources = needsSources(app, manifest);
  const modules = join(app, 'node_modules');

  if (!hasProduction && !hasDevelopment && inSources === undefined) {
    console.log('No dependencies');
    if (hasBuild) await npm(['run', 'build'], { directory: app });
    return { binaries: undefined };
  }
  warnOfOtherLocks(app);
  if (isRealFolder(modules) && lockFile(app) === undefined) {
    console.log('Dependencies: the node_modules that came with the sources');
    if (hasBuild) await npm(['run', 'build'], { directory: app });
    return { binaries: join(modules, '.bin') };
  }
  rmSync(modules, { recursive: true, force: true });
  declareLayer(layers, 'npm-cache', { cache: true });

  if (inSources !== undefined) {
    console.log(`Dependencies: installed among the sources, since ${inSources}`);
    const installed = hasBuild ? '--include=dev' : '--omit=dev';
    await install(app, { directory: app, layers, flag: installed });
    if (hasBuild) {
      await npm(['run', 'build'], { directory: app });
      await npm(['prune', '--omit=dev'], { directory: app });
    }
    return { binaries: join(modules, '.bin') };
  }

  if (!hasBuild) {
    await layerOfModules(app, layers, 'modules', { launch: true }, '--omit=dev');
  } else if (!hasDevelopment) {
    await layerOfModules(app, layers, 'modules', { launch: true, build: true, cache: true }, '--omit=dev');
    link(app, layers, 'modules');
    await npm(['run', 'build'], { directory: app });
    return { binaries: join(layers, 'modules', 'node_modules', '.bin') };
  } else {
    await layerOfModules(app, layers, 'build-modules', { build: true, cache: true }, '--include=dev');
    link(app, layers, 'build-modules');
    await npm(['run', 'build'], { directory: app });
    rmSync(modules, { force: true });
    if (!hasProduction) return { binaries: undefined };
    await layerOfModules(app, layers, 'modules', { launch: true }, '--omit=dev');
  }
  link(app, layers, 'modules');
  return { binaries: join(layers, 'modules', 'node_modules', '.bin') };
}

/** A layer whose node_modules fit the lock file: the one of the last build when nothing has changed. */
async function layerOfModules(app, layers, name, types, flag) {
  const lock = lockFile(app);
  const key = lock === undefined ? undefined : keyOf(app, lock, flag);
  const isThere = !types.cache || existsSync(join(layers, name, 'node_modules'));
  if (key !== undefined && previousKey(layers, name) === key && isThere) {
    console.log(`Dependencies: unchanged (${name})`);
    declareLayer(layers, name, { ...types, key });
    return;
  }
  dropLayer(layers, name);
  const directory = writeLayer(layers, name, types);
  const copied = ['package.json', '.npmrc', lock].filter(
    (file) => file !== undefined && existsSync(join(app, file)),
  );
  for (const file of copied) copyFileSync(join(app, file), join(directory, file));
  await install(app, { directory, layers, flag });
  for (const file of ['package.json', '.npmrc', 'package-lock.json', 'npm-shrinkwrap.json']) {
    rmSync(join(directory, file), { force: true });
  }
  declareLayer(layers, name, { ...types, key });
}

async function install(app, { directory, layers, flag }) {
  const cache = ownLayer(layers, 'npm-cache');
  const lock = lockFile(app);
  if (lock === undefined) {
    console.log('There is no package-lock.json: commit one, and builds are repeatable and much faster');
    await npm(['install', '--no-save', flag], { directory, cache });
  } else {
    await npm(['ci', flag], { directory, cache });
  }
}

/** Everything that decides what npm installs. */
function keyOf(app, lock, flag) {
  const hash = createHash('sha256');
  for (const file of [lock, 'package.json', '.npmrc']) {
    if (existsSync(join(app, file))) hash.update(contentThatCounts(join(app, file), file));
    hash.update('\0');
  }
  hash.update([flag, process.platform, process.arch, process.versions.modules].join('\0'));
  return hash.digest('hex');
}

/** Scripts and version numbers of the application itself change nothing about its dependencies. */
function contentThatCounts(path, file) {
  if (file !== 'package.json') return readFileSync(path);
  const { dependencies, devDependencies, optionalDependencies, peerDependencies, overrides, engines } =
    JSON.parse(readFileSync(path, 'utf8'));
  return JSON.stringify([
    dependencies,
    devDependencies,
    optionalDependencies,
    peerDependencies,
    overrides,
    engines,
  ]);
}

function link(app, layers, name) {
  symlinkSync(join(layers, name, 'node_modules'), join(app, 'node_modules'));
}

function isRealFolder(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function warnOfOtherLocks(app) {
  for (const file of ['yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb']) {
    if (!existsSync(join(app, file)) || lockFile(app) !== undefined) continue;
    console.log(`${file} is not read: this buildpack installs with npm, which may choose other versions`);
  }
}
