import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.ts';
import { writeBuildMetadata } from './build-metadata.ts';
import { buildpackName } from './buildpack.ts';
import { detect } from './detect.ts';
import type { BuildContext } from './detect.ts';
import { baseEnvironment, readPlatformEnvironment } from './environment.ts';
import { readGroups } from './order.ts';
import type { Output } from './output.ts';
import { duration } from './output.ts';
import { restore } from './restore.ts';
import { thisMachine } from './target.ts';

/** All paths are absolute. */
export interface BuildPhaseOptions {
  /** The application's sources; buildpacks may change them. */
  readonly app: string;
  /** Empty folder for layers; must outlive this phase. */
  readonly layers: string;
  /** The user's build environment: a folder with one file a variable. */
  readonly environmentFiles: string;
  readonly buildpacks: string;
  /** An order.toml. */
  readonly order: string;
  /** What the last build left; only read. */
  readonly cache: string | undefined;
  /** The container's environment. */
  readonly containerEnvironment: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
}

/** Detect, restore and build: everything that runs other people's programs, and has no secret of ours. */
export async function buildPhase(options: BuildPhaseOptions): Promise<void> {
  const { app, layers, output, containerEnvironment } = options;
  const started = performance.now();
  const scratch = join(layers, '.lifecycle');
  const platform = join(scratch, 'platform');
  mkdirSync(platform, { recursive: true });
  symlinkSync(options.environmentFiles, join(platform, 'env'));
  const { HOME } = containerEnvironment;
  if (HOME !== undefined) mkdirSync(HOME, { recursive: true });
  const context: BuildContext = {
    app,
    layers,
    platform,
    scratch,
    environment: baseEnvironment(containerEnvironment),
    platformEnvironment: readPlatformEnvironment(platform),
    machine: thisMachine(),
    output,
  };
  output.heading('Detect');
  const resolution = await detect(readGroups(options.order, options.buildpacks), context);
  const names = resolution.group.map(({ buildpack }) => buildpackName(buildpack));
  output.line(`${names.join(', ')} (${duration(performance.now() - started)})`);
  if (options.cache !== undefined) await restore(resolution.group, options.cache, context);
  const metadata = await build(resolution, context);
  writeBuildMetadata(layers, metadata);
  rmSync(scratch, { recursive: true, force: true });
}
