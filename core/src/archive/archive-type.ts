/** Media types that `archiveType` tells apart. */
export type ArchiveType =
  | 'application/zip'
  | 'application/x-tar'
  | 'application/gzip'
  | 'application/x-bzip2'
  | 'application/x-xz'
  | 'application/zstd';

const MAGIC: readonly (readonly [ArchiveType, readonly number[]])[] = [
  ['application/zip', [0x50, 0x4b, 0x03, 0x04]],
  ['application/zip', [0x50, 0x4b, 0x05, 0x06]], // without entries
  ['application/zip', [0x50, 0x4b, 0x07, 0x08]], // spanned
  ['application/gzip', [0x1f, 0x8b]],
  ['application/x-bzip2', [0x42, 0x5a, 0x68]],
  ['application/x-xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['application/zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

const BLOCK = 512;

/**
 * Tells what an archive is from its first 512 bytes (fewer when it is shorter). A compressed stream is named
 * after its compression, since only decompression shows what is in it.
 * @returns undefined for anything else.
 */
export function archiveType(first512: Uint8Array): ArchiveType | undefined {
  for (const [type, magic] of MAGIC) {
    if (magic.every((byte, index) => first512[index] === byte)) return type;
  }
  return isTarHeader(first512) ? 'application/x-tar' : undefined;
}

/** A tar begins with a header whose checksum is right or, without entries, with a block of zeros. */
function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK) return false;
  let sum = 8 * 0x20; // the checksum field counts as spaces
  for (let index = 0; index < BLOCK; index++) {
    if (index < 148 || index >= 156) sum += block[index] ?? 0;
  }
  if (sum === 8 * 0x20) return true;
  const field = Buffer.from(block.subarray(148, 156)).toString('latin1').replaceAll('\0', ' ').trim();
  return /^[0-7]+$/.test(field) && parseInt(field, 8) === sum;
}
