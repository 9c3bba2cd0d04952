import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  digestOf,
  mediaTypes,
  type OciClient,
  type OciDescriptor,
  type OciImageConfig,
  type OciManifest,
} from '../../oci/index.ts';

/** An image made for a test: content without meaning, but everything of it. */
export interface TestImage {
  readonly manifest: OciManifest;
  readonly config: OciImageConfig;
  /** Layers and config by digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/** An image of fresh random layers, with others in front, for linux/amd64 unless another architecture is named. */
export function testImage(
  options: { layers?: number; layerBytes?: number; first?: readonly Buffer[]; architecture?: string } = {},
): TestImage {
  const { layers = 2, layerBytes = 10_000, first = [], architecture = 'amd64' } = options;
  const contents = [...first, ...Array.from({ length: layers }, () => randomBytes(layerBytes))];
  const descriptors = contents.map((content) => describe(mediaTypes.layer, content));
  const config: OciImageConfig = {
    os: 'linux',
    architecture,
    config: { Cmd: ['/bin/app'], Env: ['A=b'] },
    rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
  };
  const configContent = Buffer.from(JSON.stringify(config));
  const manifest: OciManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(mediaTypes.config, configContent),
    layers: descriptors,
  };
  const blobs = new Map([...contents, configContent].map((content) => [digestOf(content), content]));
  return { manifest, config, blobs };
}

/** Pushes all of an image. */
export async function pushImage(
  client: OciClient,
  reference: string,
  image: TestImage,
): Promise<OciDescriptor> {
  await Promise.all(
    [...image.blobs].map(([digest, content]) => pushContent(client, reference, digest, content)),
  );
  return client.pushManifest(reference, image.manifest);
}

/** Pulls all of an image and compares it. */
export async function assertPulled(client: OciClient, reference: string, image: TestImage): Promise<void> {
  const platform = { os: 'linux', architecture: image.config.architecture };
  const { manifest } = await client.manifest(reference, { platform });
  assert.deepEqual(manifest, image.manifest);
  assert.deepEqual(await client.config(reference, manifest.config), image.config);
  for (const layer of manifest.layers) {
    const content = await buffer(client.blob(reference, layer));
    assert.ok(
      content.equals(image.blobs.get(layer.digest) ?? Buffer.alloc(0)),
      `layer ${layer.digest} is another`,
    );
  }
}

/** Pushes one blob from memory. */
export async function pushContent(
  client: OciClient,
  reference: string,
  digest: string,
  content: Buffer,
  mountFrom?: string,
): Promise<string> {
  return client.pushBlob(reference, {
    digest,
    size: content.length,
    open: () => Readable.from([content]),
    mountFrom,
  });
}

function describe(mediaType: string, content: Buffer): OciDescriptor {
  return { mediaType, digest: digestOf(content), size: content.length };
}
