import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { readProcess } from './launch.ts';
import type { Launch, LaunchProcess } from './launch.ts';
import { isRealDirectory } from './layer.ts';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { readToml } from './toml.ts';
import type { TomlReader } from './toml.ts';

/** A buildpack that took part in a build. */
export interface BuiltWith {
  readonly id: string;
  readonly version: string;
  readonly api: string;
  readonly homepage: string | undefined;
}

/** What the build phase hands to the export phase, in `<layers>/config/metadata.toml`. */
export interface BuildMetadata {
  readonly buildpacks: readonly BuiltWith[];
  readonly launch: Launch;
  /** The process type that the image starts. */
  readonly defaultProcess: string;
}

export function metadataToml({ buildpacks, launch, defaultProcess }: BuildMetadata): string {
  return stringify({
    'buildpack-default-process-type': defaultProcess,
    buildpacks: buildpacks.map(({ id, version, api, homepage }) => ({
      id,
      version,
      api,
      ...(homepage !== undefined && { homepage }),
    })),
    processes: launch.processes.map(processTable),
    labels: [...launch.labels].map(([key, value]) => ({ key, value })),
  });
}

function processTable(process: LaunchProcess): Record<string, unknown> {
  return {
    type: process.type,
    command: process.command,
    args: process.args,
    direct: true,
    default: process.default,
    'buildpack-id': process.buildpack,
    ...(process.workingDirectory !== undefined && { 'working-dir': process.workingDirectory }),
  };
}

export function writeBuildMetadata(layers: string, metadata: BuildMetadata): void {
  mkdirSync(join(layers, 'config'), { recursive: true });
  writeFileSync(join(layers, 'config', 'metadata.toml'), metadataToml(metadata));
}

/** Fails when the build left none: then there is nothing to export. */
export function readBuildMetadata(layers: string): BuildMetadata {
  const folder = join(layers, 'config');
  const toml = isRealDirectory(folder) ? readToml(join(folder, 'metadata.toml'), EXIT.export) : undefined;
  if (toml === undefined) throw new LifecycleError(EXIT.export, 'The build left no config/metadata.toml');
  return {
    buildpacks: toml.children('buildpacks').map((entry) => ({
      id: buildpackId(entry),
      version: entry.requiredString('version'),
      api: entry.requiredString('api'),
      homepage: entry.string('homepage'),
    })),
    launch: {
      processes: toml
        .children('processes')
        .map((entry) => readProcess(entry, entry.requiredString('buildpack-id'), EXIT.export)),
      labels: new Map(
        toml
          .children('labels')
          .map((label): [string, string] => [label.requiredString('key'), label.string('value') ?? '']),
      ),
    },
    defaultProcess: toml.requiredString('buildpack-default-process-type'),
  };
}

/** An id is part of paths; what comes from a build is not to be believed. */
function buildpackId(toml: TomlReader): string {
  const id = toml.requiredString('id');
  if (!/^[A-Za-z0-9][A-Za-z0-9./-]*$/.test(id))
    throw new LifecycleError(EXIT.export, `"${id}" is no buildpack id`);
  return id;
}
