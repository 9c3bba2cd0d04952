import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { extractLayer } from '@epinio/core/archive';
import type { ImageManifest, OciClient } from '@epinio/core/oci';
import type { ImageRecord } from './image-folder.ts';

const run = promisify(execFile);
/** More is a decompression bomb, or nothing for one machine. */
const LIMITS = { maxBytes: 64 * 1024 ** 3, maxEntries: 2_000_000 };

export interface PullOptions {
  readonly client: OciClient;
  readonly reference: string;
  readonly manifest: ImageManifest;
  /** Where the image is to be: appears whole or not at all. */
  readonly folder: string;
  readonly boot: string;
  /** Pods run as other users than this process: all of the image has to be readable for them. */
  readonly forAllUsers: boolean;
  readonly signal: AbortSignal;
  readonly onWarning: (message: string) => void;
}

/** Downloads and unpacks an image. Fails as the OCI client and `extractLayer` do; what was begun is removed. */
export async function pullImage(options: PullOptions): Promise<void> {
  const { client, reference, manifest, folder, signal } = options;
  const temporary = `${folder}.${randomUUID()}.tmp`;
  const root = join(temporary, 'root');
  try {
    await mkdir(root, { recursive: true, mode: 0o755 });
    const config = await client.config(reference, manifest.manifest.config, signal);
    let bytes = 0;
    let entries = 0;
    for (const [index, layer] of manifest.manifest.layers.entries()) {
      const extracted = await extractLayer(client.blob(reference, layer, signal), root, {
        limits: LIMITS,
        diffId: config.rootfs.diff_ids[index],
        signal,
        onWarning: options.onWarning,
      });
      bytes += extracted.bytes;
      entries += extracted.entries;
    }
    if (options.forAllUsers) await run('chmod', ['-R', 'a+rX', root], { signal });
    const record: ImageRecord = {
      digest: manifest.digest,
      config: config.config ?? {},
      bytes,
      entries,
      boot: options.boot,
    };
    await writeFile(join(temporary, 'image.json'), JSON.stringify(record));
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Makes sure that an image outlives a power failure, and says so in its folder. Slow, so it is done after the
 * image is in use; an image that does not get there is pulled again after the next boot.
 */
export async function makeDurable(folder: string): Promise<void> {
  await run('sync', ['-f', join(folder, 'image.json')]);
  const marker = await open(join(folder, 'durable'), 'w');
  await marker.sync();
  await marker.close();
}
