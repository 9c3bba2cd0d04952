import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistryAuths } from '@epinio/core';
import { stringify } from 'smol-toml';
import { buildPhase } from '../build-phase.ts';
import { readBuildMetadata } from '../build-metadata.ts';
import { buildpackDirectory, escapedId } from '../buildpack.ts';
import type { CachedBuildpack } from '../cache.ts';
import { readLayers } from '../layer.ts';
import { EXIT } from '../lifecycle-error.ts';
import { createOutput } from '../output.ts';
import { saveCache } from '../save-cache.ts';
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

/** Where a builder's parts are. */
export interface BuilderFolders {
  readonly buildpacks: string;
  /** An order.toml. */
  readonly order: string;
}

/** Folders for a build, as the three staging containers have them. */
export class BuildMachine implements Disposable {
  readonly #root = temporaryFolder();
  readonly #lines: string[] = [];
  readonly #builder: BuilderFolders;

  /** With buildpacks of the test in the given order, or with those of a builder. */
  constructor(
    buildpacks: readonly TestBuildpack[] | BuilderFolders,
    order: readonly (readonly Element[])[] = [],
  ) {
    if ('order' in buildpacks) {
      this.#builder = buildpacks;
    } else {
      this.#builder = { buildpacks: this.path('buildpacks'), order: this.path('order.toml') };
      for (const buildpack of buildpacks) this.#write(buildpack);
      const groups = order.map((group) => ({
        group: group.map((element) => ({ version: VERSION, ...element })),
      }));
      writeFiles(this.#root.path, { 'order.toml': stringify({ order: groups }) });
    }
    mkdirSync(this.path('cache'));
    this.renew();
  }

  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
  }

  /** What a new pod has: empty folders, and the cache. */
  renew(): void {
    for (const folder of ['app', 'layers', 'environment']) {
      rmSync(this.path(folder), { recursive: true, force: true });
      mkdirSync(this.path(folder));
    }
    this.#lines.length = 0;
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

  /** A file with credentials, as the platform mounts it for the export. @returns its path */
  dockerConfig(auths: RegistryAuths): string {
    const entries = Object.entries(auths).map(([host, { username, password }]) => [
      host,
      { auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]);
    writeFiles(this.#root.path, {
      'config.json': JSON.stringify({ auths: Object.fromEntries(entries) as object }),
    });
    return this.path('config.json');
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
      ...this.#builder,
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

  /** Keeps what an export keeps for the next build. Launch layers are said to be in an image. */
  async keepCache(): Promise<void> {
    const buildpacks = readBuildMetadata(this.path('layers')).buildpacks.map(
      ({ id, version }): CachedBuildpack => {
        const layers = readLayers(this.path('layers', escapedId(id)), EXIT.export);
        return {
          id,
          version,
          layers: Object.fromEntries(
            layers.map(({ name, launch, build, cache, metadata }) => [
              name,
              { launch, build, cache, metadata },
            ]),
          ),
        };
      },
    );
    await saveCache({
      cache: this.path('cache'),
      limit: Infinity,
      buildpacks,
      directoryOf: (id, layer) => this.path('layers', escapedId(id), layer),
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
