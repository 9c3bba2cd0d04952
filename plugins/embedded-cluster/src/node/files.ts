import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/** True for the error of a file system call on a path that is not there. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** @returns undefined when there is no such file. */
export function readTextIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

/** More than any file has that a pod is asked for. */
const MAX_UNTRUSTED = 64 * 1024;

/**
 * Reads a small file from a folder that a pod may write to, which must not make this process wait, read what the pod
 * may not, or fill its memory: a pipe, a link or a large file counts as none.
 */
export function readUntrusted(path: string): string | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number;
  try {
    descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (isMissingFile(error) || isLink(error)) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(descriptor);
    return stats.isFile() && stats.size <= MAX_UNTRUSTED ? readFileSync(descriptor, 'utf8') : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function isLink(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ELOOP' || error.code === 'ENXIO');
}

/** Writes a file whole or not at all, whatever kills this process meanwhile. */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true }); // its mode would be kept
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}
