import { createReadStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createOciClient, digestOf, isLoopback, mediaTypes, parseReference } from '@epinio/core/oci';
import type { OciClient, OciDescriptor, OciImageConfig, OciManifest, WrittenLayer } from '@epinio/core/oci';
import { Readable } from 'node:stream';
import { escapedId } from './buildpack.ts';
import { readBuildMetadata } from './build-metadata.ts';
import type { BuildMetadata, BuiltWith } from './build-metadata.ts';
import { readCacheIndex, writeCacheIndex } from './cache.ts';
import type { CachedBuildpack, CachedLayer, CacheIndex, ImageLayer } from './cache.ts';
import { readDockerConfig } from './docker-config.ts';
import { imageConfig } from './image-config.ts';
import {
  launchChanges,
  metadataInImage,
  writeAppLayer,
  writeLauncherLayer,
  writeLaunchLayer,
} from './image-layers.ts';
import type { LayerWriter } from './image-layers.ts';
import { isShellName } from './launcher.ts';
import { isRealDirectory, readLayers } from './layer.ts';
import type { Layer } from './layer.ts';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { bytes, duration } from './output.ts';
import type { Output } from './output.ts';
import { saveCache } from './save-cache.ts';
import { thisMachine } from './target.ts';
import { readToml } from './toml.ts';

/** All paths are absolute. */
export interface ExportOptions {
  readonly app: string;
  readonly layers: string;
  /** Reference with tag. */
  readonly image: string;
  /** A Docker config file with the registry's credentials. */
  readonly auth: string | undefined;
  /** PEM file with what the registry's certificate is signed by. */
  readonly registryCa: string | undefined;
  readonly cache: string | undefined;
  /** Bytes. */
  readonly cacheLimit: number;
  readonly output: Output;
}

/**
 * Makes the application image of what the build left, and pushes it. Layers that the registry has are not
 * sent again. What other people's programs left behind is taken for untrusted: links are never followed.
 */
export async function exportPhase(options: ExportOptions): Promise<void> {
  const { layers, app, output, cache } = options;
  const started = performance.now();
  output.heading('Export');
  const reference = parseReference(options.image);
  const client = createOciClient({
    auths: options.auth === undefined ? {} : readDockerConfig(options.auth),
    ca: options.registryCa === undefined ? undefined : readFileSync(options.registryCa, 'utf8'),
  });
  const scratch = join(layers, '.export');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const paths = { app, layers };
  const writer: LayerWriter = {
    paths,
    scratch,
    compression: isLoopback(new URL(`https://${reference.registry}`).hostname) ? 'none' : 'gzip',
    onWarning: (message) => output.line(message),
  };
  try {
    const metadata = metadataInImage(readBuildMetadata(layers), paths);
    const exporter = new Exporter(client, options, writer, metadata);
    const { digest, buildpacks } = await exporter.run();
    output.line(`${options.image}@${digest}`);
    if (cache !== undefined) await keepCache(cache, buildpacks, options);
    output.line(`done in ${duration(performance.now() - started)}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    client.close();
  }
}

class Exporter {
  readonly #client: OciClient;
  readonly #options: ExportOptions;
  readonly #writer: LayerWriter;
  readonly #metadata: BuildMetadata;
  readonly #index: CacheIndex;

  constructor(client: OciClient, options: ExportOptions, writer: LayerWriter, metadata: BuildMetadata) {
    this.#client = client;
    this.#options = options;
    this.#writer = writer;
    this.#metadata = metadata;
    this.#index = options.cache === undefined ? { buildpacks: [] } : readCacheIndex(options.cache);
  }

  async run(): Promise<{ readonly digest: string; readonly buildpacks: readonly CachedBuildpack[] }> {
    const [app, ...buildpacks] = await Promise.all([
      this.#app(),
      ...this.#metadata.buildpacks.map((buildpack) => this.#buildpack(buildpack)),
    ]);
    const launch = buildpacks.flatMap(({ layers }) =>
      Object.values(layers).flatMap(({ image }) => image ?? []),
    );
    const launcher = await this.#push(
      'launcher',
      await writeLauncherLayer(this.#writer, this.#metadata, launch),
    );
    const all = [...launch, app, launcher];
    const config = imageConfig({
      metadata: this.#metadata,
      buildpacks,
      app,
      launcher,
      diffIds: all.map(({ diffId }) => diffId),
      machine: thisMachine(),
    });
    return { digest: await this.#pushImage(config, all), buildpacks };
  }

  async #app(): Promise<ImageLayer> {
    return this.#push('app', await writeAppLayer(this.#writer));
  }

  async #buildpack({ id, version }: BuiltWith): Promise<CachedBuildpack> {
    const folder = join(this.#options.layers, escapedId(id));
    const wanted = readLayers(folder, EXIT.export).filter(({ launch, cache }) => launch || cache);
    const layers = await Promise.all(
      wanted.map(async (layer): Promise<[string, CachedLayer]> => {
        const { launch, build, metadata, name } = layer;
        const cache = layer.cache && (layer.present || (layer.linked && !launch));
        const kept = { launch, build, cache, metadata };
        return [name, launch ? { ...kept, image: await this.#launchLayer(id, layer) } : kept];
      }),
    );
    const store = isRealDirectory(folder) ? readToml(join(folder, 'store.toml'), EXIT.export) : undefined;
    return {
      id,
      version,
      layers: Object.fromEntries(layers),
      ...(store !== undefined && { store: store.child('metadata').table }),
    };
  }

  async #launchLayer(buildpack: string, layer: Layer): Promise<ImageLayer> {
    const { output } = this.#options;
    if (!layer.present) return this.#reused(buildpack, layer.name);
    const changes = launchChanges(layer.directory, this.#writer.paths);
    for (const { variable } of changes.flatMap((entry) => entry.changes)) {
      if (!isShellName(variable))
        output.line(`variable "${variable}" of "${buildpack}" is left out: a shell cannot set it`);
    }
    if (isRealDirectory(join(layer.directory, 'exec.d'))) {
      output.line(`exec.d of "${buildpack}" is left out: this lifecycle does not run it`);
    }
    return {
      ...(await this.#push(layer.name, await writeLaunchLayer(this.#writer, buildpack, layer))),
      changes,
    };
  }

  /** The layer of the last image that a buildpack asked for again without making it anew. */
  async #reused(buildpack: string, name: string): Promise<ImageLayer> {
    const { output, image, cache } = this.#options;
    const layer = this.#index.buildpacks.find(({ id }) => id === buildpack)?.layers[name]?.image;
    if (layer !== undefined && (await this.#client.hasBlob(image, layer.digest))) {
      output.line(`${name}: reused, ${bytes(layer.size)}`);
      return layer;
    }
    // What is remembered of the last image is wrong: without it, the next build makes the layer anew.
    if (cache !== undefined) writeCacheIndex(cache, { buildpacks: [] });
    throw new LifecycleError(
      EXIT.export,
      `Layer "${name}" of "${buildpack}" is not in the registry any more: push again, and it is built anew`,
    );
  }

  async #push(name: string, { descriptor, diffId, file }: WrittenLayer): Promise<ImageLayer> {
    const { digest, size, mediaType } = descriptor;
    const { image, output } = this.#options;
    const result = await this.#client.pushBlob(image, { digest, size, open: () => createReadStream(file) });
    rmSync(file, { force: true });
    output.line(`${name}: ${bytes(size)}${result === 'uploaded' ? '' : ', unchanged'}`);
    return { diffId, digest, mediaType, size, changes: [] };
  }

  async #pushImage(config: OciImageConfig, layers: readonly ImageLayer[]): Promise<string> {
    const { image } = this.#options;
    const content = Buffer.from(JSON.stringify(config));
    const descriptor: OciDescriptor = {
      mediaType: mediaTypes.config,
      digest: digestOf(content),
      size: content.length,
    };
    await this.#client.pushBlob(image, { ...descriptor, open: () => Readable.from([content]) });
    const manifest: OciManifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptor,
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    };
    return (await this.#client.pushManifest(image, manifest)).digest;
  }
}

/** The image is pushed: that a cache cannot be kept makes the next build slow, and is no reason to fail this one. */
async function keepCache(
  cache: string,
  buildpacks: readonly CachedBuildpack[],
  options: ExportOptions,
): Promise<void> {
  const { layers, cacheLimit, output } = options;
  const directoryOf = (buildpack: string, layer: string): string => join(layers, escapedId(buildpack), layer);
  try {
    await saveCache({ cache, limit: cacheLimit, buildpacks, directoryOf, output });
  } catch (error) {
    output.line(`The build cache could not be kept: ${(error as Error).message}`);
  }
}
