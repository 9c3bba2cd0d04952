import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { writeLayer } from '@epinio/core/oci';
import type { LayerSource, WrittenLayer } from '@epinio/core/oci';
import { escapedId } from './buildpack.ts';
import type { BuildMetadata } from './build-metadata.ts';
import { metadataToml } from './build-metadata.ts';
import type { ImageLayer, ProcessChanges } from './cache.ts';
import { layerChanges, processesWithChanges } from './environment.ts';
import type { EnvironmentChange } from './environment.ts';
import { imageLinkTarget, IMAGE_APP, IMAGE_LAYERS, toImagePaths } from './image-paths.ts';
import type { BuildPaths } from './image-paths.ts';
import { launcherScript } from './launcher.ts';
import { isRealDirectory } from './layer.ts';
import type { Layer } from './layer.ts';
import { EXIT, LifecycleError } from './lifecycle-error.ts';

/** Where and how layers are written. */
export interface LayerWriter {
  readonly paths: BuildPaths;
  /** Folder for the written files; they are removed after they were pushed. */
  readonly scratch: string;
  readonly compression: 'none' | 'gzip';
  readonly onWarning: (message: string) => void;
}

/** The layer with the application's folder. */
export async function writeAppLayer(writer: LayerWriter): Promise<WrittenLayer> {
  if (!isRealDirectory(writer.paths.app))
    throw new LifecycleError(EXIT.export, "The application's folder is gone");
  return write(writer, 'app', [tree(writer, IMAGE_APP, writer.paths.app)]);
}

/** One launch layer of a buildpack. */
export function writeLaunchLayer(
  writer: LayerWriter,
  buildpack: string,
  layer: Layer,
): Promise<WrittenLayer> {
  const at = `${IMAGE_LAYERS}/${escapedId(buildpack)}/${layer.name}`;
  return write(writer, `${escapedId(buildpack)}.${layer.name}`, [
    { ...tree(writer, at, layer.directory), include: (path) => !ENVIRONMENT_FOLDERS.includes(path) },
    ...ENVIRONMENT_FOLDERS.flatMap((folder) => environmentFiles(writer, layer.directory, at, folder)),
  ]);
}

/** Folders of a layer whose files are values of variables. */
const ENVIRONMENT_FOLDERS = ['env', 'env.build', 'env.launch'];

/** Values name paths of the build; the image has its own, and is then the same wherever it is built. */
function environmentFiles(
  writer: LayerWriter,
  layer: string,
  at: string,
  folder: string,
): readonly LayerSource[] {
  const directory = join(layer, folder);
  if (!isRealDirectory(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): readonly LayerSource[] => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return environmentFiles(writer, layer, at, path);
      if (!entry.isFile()) return [];
      const value = readFileSync(join(layer, path), 'utf8');
      return [{ at: `${at}/${path}`, content: toImagePaths(value, writer.paths) }];
    });
}

/** The layer with the launcher, a link to it for each process, and the build's metadata. */
export function writeLauncherLayer(
  writer: LayerWriter,
  metadata: BuildMetadata,
  layers: readonly Pick<ImageLayer, 'changes'>[],
): Promise<WrittenLayer> {
  const { processes } = metadata.launch;
  const script = launcherScript({ processes, layers: layers.map(({ changes }) => changes) });
  return write(writer, 'launcher', [
    { at: '/cnb/lifecycle/launcher', content: script, executable: true },
    ...processes.map(({ type }) => ({ at: `/cnb/process/${type}`, linkTo: '../lifecycle/launcher' })),
    { at: `${IMAGE_LAYERS}/config/metadata.toml`, content: metadataToml(metadata) },
  ]);
}

/** What a launch layer does to the environment of processes, in the image's paths. */
export function launchChanges(layer: string, paths: BuildPaths): readonly ProcessChanges[] {
  const inImage = (change: EnvironmentChange): EnvironmentChange => ({
    ...change,
    value: toImagePaths(change.value, paths),
  });
  const common = layerChanges(layer, 'launch');
  const own = processesWithChanges(layer).map((process) => ({
    process,
    changes: layerChanges(layer, 'launch', process).slice(common.length).map(inImage),
  }));
  return [{ changes: common.map(inImage) }, ...own].filter(({ changes }) => changes.length > 0);
}

/** The build's metadata in the image's paths, so that the same sources give the same image wherever they are built. */
export function metadataInImage(metadata: BuildMetadata, paths: BuildPaths): BuildMetadata {
  const inImage = (value: string): string => toImagePaths(value, paths);
  const processes = metadata.launch.processes.map((process) => {
    const [program, ...rest] = process.command;
    return {
      ...process,
      command: [inImage(program), ...rest.map(inImage)] as const,
      args: process.args.map(inImage),
      workingDirectory: workingDirectory(process.workingDirectory, paths),
    };
  });
  return { ...metadata, launch: { ...metadata.launch, processes } };
}

/** A relative one is below the application's folder. */
function workingDirectory(value: string | undefined, paths: BuildPaths): string | undefined {
  if (value === undefined) return undefined;
  const fromApp = relative(paths.app, join(paths.app, value));
  return value.startsWith(sep) ? toImagePaths(value, paths) : join(IMAGE_APP, fromApp);
}

function tree({ paths }: LayerWriter, at: string, directory: string): LayerSource {
  return { at, directory, linkTarget: (name, target) => imageLinkTarget(name, target, paths) };
}

function write(writer: LayerWriter, name: string, sources: readonly LayerSource[]): Promise<WrittenLayer> {
  const { scratch, compression, onWarning } = writer;
  return writeLayer({ sources, file: join(scratch, `${name}.tar`), compression, onWarning });
}
