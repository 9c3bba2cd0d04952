import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { diskError } from '../archive/archive-error.ts';
import { writeTar } from '../archive/tar-writer.ts';
import type { Include } from '../archive/walk.ts';
import type { OciDescriptor } from './image.ts';
import { layerEntries } from './layer-entries.ts';
import { mediaTypes } from './media-types.ts';

/**
 * The time of everything in a layer, that of Cloud Native Buildpacks: the first second that a zip can hold
 * too, because tools fail on times before it.
 */
const LAYER_TIME = new Date('1980-01-01T00:00:01Z');
const GZIP_LEVEL = 6;

/** Something that goes into a layer at the path `at`, which is relative to the image's root. */
export type LayerSource =
  | {
      readonly at: string;
      readonly directory: string;
      readonly include?: Include;
      /** Changes where a symbolic link leads; `name` is its path in the image, without a slash before it. */
      readonly linkTarget?: (name: string, target: string) => string;
    }
  | { readonly at: string; readonly content: string | Uint8Array; readonly executable?: boolean }
  | { readonly at: string; readonly file: string }
  | { readonly at: string; readonly linkTo: string };

export interface WriteLayerOptions {
  /** Later sources are written after earlier ones; a name may come once. Folders above `at` are made. */
  readonly sources: readonly LayerSource[];
  /** Where the layer is written to; must not be there. */
  readonly file: string;
  readonly compression: 'none' | 'gzip';
  /** Default 0. */
  readonly uid?: number;
  /** Default 0. */
  readonly gid?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

export interface WrittenLayer {
  /** For the manifest's `layers`. */
  readonly descriptor: OciDescriptor;
  /** For the config's `rootfs.diff_ids`: the digest without compression. */
  readonly diffId: string;
  readonly file: string;
}

/**
 * Writes a layer of an image to a file, in one pass and with bounded memory: the same sources give the same
 * bytes and digests, whenever and by whom (gzip: with the same zlib). Modes are 0644 or, for folders and with
 * an execute bit, 0755; links are kept as they are. Not durable: a crash leaves a part of `file`; a failure
 * removes it. Fails as `pack` of `@epinio/core/archive` does, and with `DISK_FULL`.
 */
export async function writeLayer(options: WriteLayerOptions): Promise<WrittenLayer> {
  const { file, compression, signal, uid = 0, gid = 0 } = options;
  const content = createHash('sha256');
  const blob = createHash('sha256');
  let size = 0;
  const handle = await open(file, 'wx', 0o644);
  try {
    const tar = tapped(writeTar(layerEntries(options), { mtime: LAYER_TIME, uid, gid }), (chunk) =>
      content.update(chunk),
    );
    const write = async (bytes: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of bytes) {
        signal?.throwIfAborted();
        size += chunk.length;
        if (compression === 'gzip') blob.update(chunk);
        await handle.writeFile(chunk).catch((error: unknown) => {
          throw diskError(error, file);
        });
      }
    };
    if (compression === 'gzip') await pipeline(tar, createGzip({ level: GZIP_LEVEL }), write);
    else await write(tar);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  const diffId = `sha256:${content.digest('hex')}`;
  const digest = compression === 'gzip' ? `sha256:${blob.digest('hex')}` : diffId;
  const mediaType = compression === 'gzip' ? mediaTypes.layerGzip : mediaTypes.layer;
  return { descriptor: { mediaType, digest, size }, diffId, file };
}

async function* tapped(
  bytes: AsyncIterable<Buffer>,
  tap: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of bytes) {
    tap(chunk);
    yield chunk;
  }
}
