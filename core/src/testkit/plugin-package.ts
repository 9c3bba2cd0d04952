import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What of a package.json concerns a plugin. */
export interface PluginManifest {
  readonly name: string;
  readonly keywords?: readonly string[];
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly exports?: unknown;
}

/** The package around a file: the nearest folder above it with a package.json. */
export class PluginPackage {
  readonly folder: string;
  readonly manifest: PluginManifest;

  /** @param url - of any file in it. */
  constructor(url: string) {
    let folder = dirname(fileURLToPath(url));
    while (!existsSync(join(folder, 'package.json'))) {
      assert.notEqual(dirname(folder), folder, `${url} is in a package`);
      folder = dirname(folder);
    }
    this.folder = folder;
    this.manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PluginManifest;
  }

  readme(): string {
    const file = join(this.folder, 'README.md');
    assert.ok(existsSync(file), `the package has a README.md in ${this.folder}`);
    return readFileSync(file, 'utf8');
  }

  /** The module that others get, under the conditions of this process. */
  entry(): string {
    return createRequire(join(this.folder, 'package.json')).resolve(this.manifest.name);
  }
}

/** Traces that the import of a module left behind in its process. */
export interface ImportTraces {
  readonly output: string;
  /** Timers, sockets, watchers: all that keeps a process alive. */
  readonly resources: readonly string[];
  readonly globals: readonly string[];
  readonly variables: readonly string[];
}

/** Imports the entry of a package in a process of its own and tells what it did beside exporting. */
export async function importQuietly(home: PluginPackage): Promise<ImportTraces> {
  const script = `
    const globals = new Set(Object.getOwnPropertyNames(globalThis));
    const variables = { ...process.env };
    // Libraries that everyone shares are loaded before: their traces are not the plugin's.
    await import('zod');
    const before = process.getActiveResourcesInfo();
    await import(${JSON.stringify(pathToFileURL(home.entry()).href)});
    const resources = process.getActiveResourcesInfo();
    for (const known of before) if (resources.includes(known)) resources.splice(resources.indexOf(known), 1);
    const changed = Object.keys({ ...variables, ...process.env }).filter((key) => variables[key] !== process.env[key]);
    console.log(JSON.stringify({
      resources,
      globals: Object.getOwnPropertyNames(globalThis).filter((name) => !globals.has(name) && !name.startsWith('__')),
      variables: changed,
    }));`;
  // The flags of this process, among them the loader for TypeScript, without those of the test runner.
  const flags = process.execArgv.filter((flag) => !flag.startsWith('--test'));
  const options = { timeout: 60_000 };
  const { stdout, stderr } = await run(
    process.execPath,
    [...flags, '--input-type=module', '--eval', script],
    options,
  );
  const lines = stdout.trimEnd().split('\n');
  const told = JSON.parse(lines.pop() ?? '') as Omit<ImportTraces, 'output'>;
  return { output: [...lines, stderr].join('\n').trim(), ...told };
}
