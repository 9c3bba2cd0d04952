import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractLayer } from '@epinio/core/archive';
import type { OciClient, OciImageConfig, OciManifest } from '@epinio/core/oci';

export interface UnpackedImage extends AsyncDisposable {
  /** The folder that stands for the image's "/". */
  readonly root: string;
  readonly digest: string;
  readonly manifest: OciManifest;
  readonly config: OciImageConfig;
}

const LIMITS = { maxBytes: 1e9, maxEntries: 1e5 };

/** Pulls an image and applies its layers to a folder of its own, as a node does. */
export async function unpackImage(client: OciClient, image: string): Promise<UnpackedImage> {
  const { digest, manifest } = await client.manifest(image);
  const config = await client.config(image, manifest.config);
  const root = await mkdtemp(join(tmpdir(), 'epinio-image-'));
  for (const [index, layer] of manifest.layers.entries()) {
    const diffId = config.rootfs.diff_ids[index];
    await extractLayer(client.blob(image, layer), root, { limits: LIMITS, diffId });
  }
  return {
    root,
    digest,
    manifest,
    config,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
