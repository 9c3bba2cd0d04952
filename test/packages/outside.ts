import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The workspace, which nothing that is packed may know of. */
export const workspace = resolve(import.meta.dirname, '../..');

/** A file of a tarball, as `npm pack` tells. */
export interface PackedFile {
  readonly path: string;
  readonly mode: number;
}

export interface Tarball {
  readonly name: string;
  readonly file: string;
  readonly files: readonly PackedFile[];
}

/** A folder outside the workspace, where the packed packages are installed as strangers install them. */
export class Outside implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'epinio-outside-'));
  tarballs: readonly Tarball[] = [];

  /** Packs every package of the workspace, and installs the tarballs beside each other. */
  async install(): Promise<void> {
    const packed = join(this.folder, 'packed');
    await mkdir(packed);
    const json = await npm(workspace, ['pack', '--workspaces', '--json', '--pack-destination', packed]);
    this.tarballs = tarballs(json, packed);
    await this.write('package.json', JSON.stringify({ name: 'outside', private: true, type: 'module' }));
    const files = this.tarballs.map(({ file }) => file);
    const quickly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await npm(this.folder, ['install', ...quickly, ...files]);
  }

  /** Writes a file of the folder; @returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text);
    return path;
  }

  /** Runs a program of the folder's to its end; @returns what it writes. */
  async node(file: string): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '' },
      timeout: 60_000,
    });
    return stdout;
  }

  /** The folder of an installed package. */
  packageFolder(name: string): Promise<string> {
    return realpath(join(this.folder, 'node_modules', name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function npm(cwd: string, args: readonly string[]): Promise<string> {
  // Under `npm test`, what that npm was called with is not meant for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { stdout } = await promisify(execFile)('npm', args, {
    cwd,
    env,
    maxBuffer: 64e6,
    timeout: 10 * 60_000,
  });
  return stdout;
}

interface PackOutput {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly PackedFile[];
}

/** npm tells a list up to version 10, later a map by the packages' names. */
function tarballs(json: string, folder: string): Tarball[] {
  const output = JSON.parse(json) as readonly PackOutput[] | Readonly<Record<string, PackOutput>>;
  return Object.values(output).map(({ name, filename, files }) => ({
    name,
    file: join(folder, filename),
    files,
  }));
}
