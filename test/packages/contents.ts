import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { workspace, type PackedFile, type Tarball } from './outside.ts';

interface PackageJson {
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly epinioPrograms?: readonly string[];
}

/** A tarball has what its package.json names, and neither tests nor sources. */
export async function assertContents({ name, files }: Tarball): Promise<void> {
  const paths = new Set(files.map(({ path }) => path));
  const source = sourceFolder(name);
  const { bin = {}, exports = {}, epinioPrograms = [] } = readJson(join(source, 'package.json'));
  const exported = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : [entry['types'] ?? '', entry['default'] ?? ''],
  );
  const programs = epinioPrograms.map((path) => path.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'));
  for (const path of [...exported, ...Object.values(bin), ...programs, 'README.md']) {
    if (path === 'README.md' && !existsSync(join(source, path))) continue;
    const wanted = path.replace(/^\.\//, '');
    assert.ok(paths.has(wanted), `${name} is packed without "${wanted}"`);
  }
  const strays = [...paths].filter((path) => /\.test\.|^src\/|(?<!\.d)\.ts$|tsconfig/.test(path));
  assert.deepEqual(strays, [], `${name} is packed with tests or sources`);
  for (const [path, executable] of buildpackFiles(source)) {
    const packed = files.find((file) => file.path === path);
    assert.ok(packed !== undefined, `${name} is packed without "${path}"`);
    if (executable) assert.ok((packed.mode & 0o111) !== 0, `"${path}" is packed so that it cannot be run`);
  }
}

/** No text of a package names a folder of this machine. */
export async function assertNoTraces(folder: string, files: readonly PackedFile[]): Promise<void> {
  const home = homedir().length > 1 ? [homedir(), userInfo().homedir] : [];
  const traces = new Set([workspace, ...home.map((path) => `${path}/`)]);
  for (const { path } of files) {
    const text = await readFile(join(folder, path), 'utf8');
    for (const trace of traces) assert.ok(!text.includes(trace), `"${path}" names "${trace}"`);
  }
}

/** The folder in the workspace that a package is packed from. */
function sourceFolder(name: string): string {
  const { packages } = readJson(join(workspace, 'package-lock.json')) as {
    packages: Readonly<Record<string, { readonly link?: boolean; readonly resolved?: string }>>;
  };
  const { link, resolved = '' } = packages[`node_modules/${name}`] ?? {};
  assert.ok(link === true, `${name} is no package of the workspace`);
  return join(workspace, resolved);
}

/** What git has below `buildpacks`, with whether it can be run. */
function buildpackFiles(source: string): [string, boolean][] {
  if (!existsSync(join(source, 'buildpacks'))) return [];
  const listed = execFileSync('git', ['ls-files', 'buildpacks'], { cwd: source, encoding: 'utf8' });
  const files = listed.split('\n').filter((path) => path !== '' && !path.includes('.test.'));
  return files.map((path) => [path, (statSync(join(source, path)).mode & 0o100) !== 0]);
}

function readJson(file: string): PackageJson {
  return JSON.parse(readFileSync(file, 'utf8')) as PackageJson;
}
