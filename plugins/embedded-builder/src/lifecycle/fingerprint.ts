import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What a folder holds, without reading a file: names, execute bits, sizes and times. */
export interface Fingerprint {
  readonly text: string;
  /** Bytes of all files together. */
  readonly size: number;
}

/** The same text as before means that nothing in the folder was written since. Links are not followed. */
export function fingerprint(directory: string): Fingerprint {
  const hash = createHash('sha256');
  return { size: add(directory, '', hash), text: hash.digest('hex') };
}

function add(directory: string, prefix: string, hash: Hash): number {
  let size = 0;
  const entries = readdirSync(directory, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) {
      hash.update(`d ${name}\0`);
      size += add(path, `${name}/`, hash);
    } else if (entry.isSymbolicLink()) {
      hash.update(`l ${name}\0${readlinkSync(path)}\0`);
    } else {
      const { mode, size: bytes, mtimeMs } = lstatSync(path);
      hash.update(`f ${name}\0${(mode & 0o111) === 0 ? '-' : 'x'} ${bytes} ${Math.floor(mtimeMs)}\0`);
      size += bytes;
    }
  }
  return size;
}
