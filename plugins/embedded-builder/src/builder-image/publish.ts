import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { hasCode } from '@epinio/core';
import { createOciClient, digestOf, mediaTypes, writeLayer } from '@epinio/core/oci';
import type {
  OciClient,
  OciClientOptions,
  OciDescriptor,
  OciImageConfig,
  OciManifest,
} from '@epinio/core/oci';
import { BUILDPACK_APIS } from '../lifecycle/buildpack.ts';
import { thisMachine } from '../lifecycle/target.ts';
import type { BuilderContents } from './contents.ts';

const CREATED = '1980-01-01T00:00:01Z';

/**
 * Sees to it that the registry has the builder image: nothing is sent when it is there under this tag, since
 * the tag stands for its content. @returns whether it was pushed.
 */
export async function publishBuilderImage(
  image: string,
  contents: BuilderContents,
  access: OciClientOptions,
  signal?: AbortSignal,
): Promise<boolean> {
  const client = createOciClient(access);
  try {
    if (await isThere(client, image, signal)) return false;
    const folder = await mkdtemp(join(tmpdir(), 'epinio-builder-'));
    try {
      await push(client, image, contents, folder, signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return true;
  } finally {
    client.close();
  }
}

async function isThere(client: OciClient, image: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await client.rawManifest(image, signal);
    return true;
  } catch (error) {
    if (hasCode(error, 'REGISTRY_NOT_FOUND')) return false;
    throw error;
  }
}

async function push(
  client: OciClient,
  image: string,
  { sources }: BuilderContents,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { descriptor, diffId, file } = await writeLayer({
    sources,
    file: join(folder, 'builder.tar.gz'),
    compression: 'gzip',
    signal,
  });
  const { digest, size, mediaType } = descriptor;
  await client.pushBlob(image, { digest, size, open: () => createReadStream(file), signal });
  const config = Buffer.from(JSON.stringify(imageConfig(diffId)));
  const configDescriptor: OciDescriptor = {
    mediaType: mediaTypes.config,
    digest: digestOf(config),
    size: config.length,
  };
  await client.pushBlob(image, { ...configDescriptor, open: () => Readable.from([config]), signal });
  const manifest: OciManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: configDescriptor,
    layers: [{ digest, size, mediaType }],
  };
  await client.pushManifest(image, manifest, signal === undefined ? {} : { signal });
}

function imageConfig(diffId: string): OciImageConfig {
  const { arch, os } = thisMachine();
  const apis = { buildpack: { supported: BUILDPACK_APIS, deprecated: [] } };
  return {
    created: CREATED,
    architecture: arch,
    os,
    config: { Labels: { 'io.buildpacks.lifecycle.apis': JSON.stringify(apis) } },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: CREATED, created_by: 'Epinio embedded-builder' }],
  };
}
