import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { buildPhase } from '../build-phase.ts';
import { buildpackDirectory } from '../buildpack.ts';
import { createOutput } from '../output.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { writeFiles } from './write-files.ts';

/** A buildpack of a test, as somebody else would write it: two shell scripts. */
export interface TestBuildpack {
  readonly id: string;
  readonly detect?: string;
  readonly build?: string;
  /** Further lines of buildpack.toml. */
  readonly toml?: string;
  readonly api?: string;
}

interface Element {
  readonly id: string;
  readonly optional?: boolean;
}

const VERSION = '1.2.3';

/** Folders for a build, as the three staging containers have them. */
export class BuildMachine implements Disposable {
  readonly #root = temporaryFolder();
  readonly #lines: string[] = [];

  constructor(buildpacks: readonly TestBuildpack[], order: readonly (readonly Element[])[]) {
    for (const buildpack of buildpacks) this.#write(buildpack);
    const groups = order.map((group) => ({
      group: group.map((element) => ({ version: VERSION, ...element })),
    }));
    writeFiles(this.#root.path, { 'order.toml': stringify({ order: groups }) });
    for (const folder of ['app', 'layers', 'environment', 'cache']) mkdirSync(this.path(folder));
  }

  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
  }

  path(...names: readonly string[]): string {
    return join(this.#root.path, ...names);
  }

  /** What was written to the log so far. */
  get log(): string {
    return this.#lines.join('');
  }

  get output(): ReturnType<typeof createOutput> {
    return createOutput((text) => this.#lines.push(text));
  }

  /** Runs detect, restore and build. */
  async build(
    files: Readonly<Record<string, string>> = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    writeFiles(this.path('app'), files);
    writeFiles(this.path('environment'), environment);
    await buildPhase({
      app: this.path('app'),
      layers: this.path('layers'),
      environmentFiles: this.path('environment'),
      buildpacks: this.path('buildpacks'),
      order: this.path('order.toml'),
      cache: this.path('cache'),
      containerEnvironment: {
        PATH: process.env['PATH'],
        HOME: this.path('home'),
        PORT: '1',
        SECRET: 'of the platform',
      },
      output: this.output,
    });
  }

  #write({ id, detect = 'exit 0', build = 'exit 0', toml = '', api = '0.12' }: TestBuildpack): void {
    const scripts = toml.includes('[[order]]')
      ? {}
      : { 'bin/detect': `#!/bin/sh\nset -eu\n${detect}\n`, 'bin/build': `#!/bin/sh\nset -eu\n${build}\n` };
    writeFiles(buildpackDirectory(this.path('buildpacks'), { id, version: VERSION }), {
      'buildpack.toml': `api = "${api}"\n[buildpack]\nid = "${id}"\nversion = "${VERSION}"\n${toml}\n`,
      ...scripts,
    });
  }
}
