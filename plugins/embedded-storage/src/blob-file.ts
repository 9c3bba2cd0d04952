import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { EpinioError, type BlobInfo } from '@epinio/core';

/**
 * A blob is one file, so that no crash can part it from what is known of it: the content; a JSON object with
 * its BlobInfo; a trailer with the CRC-32 of the JSON, its length (4 bytes each, big endian) and a magic word.
 */
const MAGIC = Buffer.from('EPBLOB01');
const TRAILER = 8 + MAGIC.length;
/** Read at once from the end of the file; almost always enough. */
const TAIL = 4096;
const MAX_JSON = 64 * 1024;

/** What follows the content. Fails with `STORAGE_METADATA_TOO_LARGE`. */
export function footerOf(info: BlobInfo): Buffer {
  const json = Buffer.from(JSON.stringify(info));
  if (json.length > MAX_JSON) {
    throw new EpinioError(
      'STORAGE_METADATA_TOO_LARGE',
      `Blob "${info.key}" has ${json.length} bytes of metadata`,
      {
        fix: `Keep it below ${MAX_JSON} bytes`,
      },
    );
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32BE(crc32(json), 0);
  trailer.writeUInt32BE(json.length, 4);
  return Buffer.concat([json, trailer, MAGIC]);
}

/** Reads what is known of the blob. Fails with `STORAGE_CORRUPT` for a file that is cut short or changed. */
export async function readInfo(file: FileHandle, path: string): Promise<BlobInfo> {
  const { size } = await file.stat();
  const tail = await readTail(file, size, Math.min(size, TAIL));
  const trailer = tail.subarray(-TRAILER);
  if (trailer.length < TRAILER || !trailer.subarray(8).equals(MAGIC)) throw corrupt(path, 'it is cut short');

  const length = trailer.readUInt32BE(4);
  if (length > MAX_JSON || length + TRAILER > size) throw corrupt(path, 'its end is changed');
  const whole = length + TRAILER <= tail.length ? tail : await readTail(file, size, length + TRAILER);
  const json = whole.subarray(-TRAILER - length, -TRAILER);
  if (crc32(json) !== trailer.readUInt32BE(0)) throw corrupt(path, 'its end is changed');

  const info = JSON.parse(json.toString()) as BlobInfo;
  if (info.size + length + TRAILER !== size) throw corrupt(path, 'its length is changed');
  return info;
}

/** `path` is the file's, for the operator; the key may be unreadable. */
export function corrupt(path: string, fact: string): EpinioError {
  return new EpinioError('STORAGE_CORRUPT', `The blob in "${path}" is damaged: ${fact}`, {
    fix: 'Check the disk, delete the file, and push the application again',
    fault: 'system',
    status: 500,
  });
}

async function readTail(file: FileHandle, size: number, length: number): Promise<Buffer> {
  const tail = Buffer.alloc(length);
  const { bytesRead } = await file.read(tail, 0, length, size - length);
  return tail.subarray(0, bytesRead);
}
