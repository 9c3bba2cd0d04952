import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EpinioError } from '@epinio/core';
import type { LayerSource } from '@epinio/core/oci';
import { parse, stringify } from 'smol-toml';
import { buildpackDirectory, readBuildpack } from '../lifecycle/buildpack.ts';
import type { Buildpack } from '../lifecycle/buildpack.ts';
import { packageFile } from '../package-folder.ts';
import { LIFECYCLE_PROGRAMS, lifecycleProgram } from './lifecycle-program.ts';
import type { LifecycleProgram } from './lifecycle-program.ts';

/** Where things are in the builder image: Platform Interface Specification, "Build Image". */
export const BUILDER_PATHS = {
  buildpacks: '/cnb/buildpacks',
  lifecycle: '/cnb/lifecycle',
  order: '/cnb/order.toml',
} as const;

/** Where a program of the lifecycle is; its name says that it is an ES module. */
export function lifecyclePath(name: LifecycleProgram): string {
  return `${BUILDER_PATHS.lifecycle}/${name}.mjs`;
}

/** Everything in the builder image, and its name by content. */
export interface BuilderContents {
  readonly sources: readonly LayerSource[];
  /** 16 hex digits; other contents have others. */
  readonly version: string;
}

interface OrderTable {
  readonly order?: readonly {
    readonly group: readonly { readonly id: string; readonly optional?: boolean }[];
  }[];
}

/**
 * Collects the buildpacks of this package, those in `extraFolders`, which are tried first, and the lifecycle.
 * Fails with `BUILDPACK_INVALID` for a folder that is no buildpack.
 */
export function builderContents(extraFolders: readonly string[]): BuilderContents {
  const own = readdirSync(packageFile('buildpacks'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => readOne(join(packageFile('buildpacks'), entry.name)));
  const extra = extraFolders.map(readOne);
  const buildpacks = [...extra, ...own.filter(({ id }) => !extra.some((other) => other.id === id))];
  const sources: LayerSource[] = [
    ...LIFECYCLE_PROGRAMS.map((name) => ({ at: lifecyclePath(name), content: lifecycleProgram(name) })),
    { at: BUILDER_PATHS.order, content: orderToml(buildpacks, extra) },
    ...buildpacks.flatMap((buildpack) =>
      folderSources(buildpackDirectory(BUILDER_PATHS.buildpacks, buildpack), buildpack.directory),
    ),
  ];
  return { sources, version: versionOf(sources) };
}

function readOne(folder: string): Buildpack {
  try {
    return readBuildpack(folder);
  } catch (error) {
    throw new EpinioError(
      'BUILDPACK_INVALID',
      `Buildpack folder "${folder}" cannot be used: ${(error as Error).message}`,
      {
        fix: 'Correct the folder, or take it out of "buildpacks" in the configuration of embedded-builder',
        cause: error,
      },
    );
  }
}

/** Our order with versions; buildpacks of the operator go first, each with the Procfile behind it. */
function orderToml(buildpacks: readonly Buildpack[], extra: readonly Buildpack[]): string {
  const { order = [] } = parse(readFileSync(packageFile('buildpacks/order.toml'), 'utf8')) as OrderTable;
  const groups = [
    ...extra.map(({ id }) => ({ group: [{ id }, { id: 'epinio/procfile', optional: true }] })),
    ...order,
  ];
  const versionOfId = (id: string): string => {
    const found = buildpacks.find((buildpack) => buildpack.id === id);
    if (found === undefined) throw new Error(`order.toml names "${id}", which is not there`);
    return found.version;
  };
  return stringify({
    order: groups.map(({ group }) => ({
      group: group.map(({ id, optional = false }) => ({ id, version: versionOfId(id), optional })),
    })),
  });
}

/** The files of a folder; tests beside them stay at home. */
function folderSources(at: string, folder: string): readonly LayerSource[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): readonly LayerSource[] => {
      const path = join(folder, entry.name);
      const inImage = `${at}/${entry.name}`;
      if (entry.isDirectory()) return folderSources(inImage, path);
      if (entry.isSymbolicLink()) return [{ at: inImage, linkTo: readlinkSync(path) }];
      return basename(path).includes('.test.') ? [] : [{ at: inImage, file: path }];
    });
}

function versionOf(sources: readonly LayerSource[]): string {
  const hash = createHash('sha256');
  for (const source of sources) {
    hash.update(`${source.at}\0`);
    if ('content' in source) hash.update(source.content);
    else if ('linkTo' in source) hash.update(source.linkTo);
    else if ('file' in source) {
      hash.update(lstatSync(source.file).mode & 0o111 ? 'x\0' : '-\0').update(readFileSync(source.file));
    }
    hash.update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
