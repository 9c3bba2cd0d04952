import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

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

/** Writes a file whole or not at all, whatever kills this process meanwhile. */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true }); // its mode would be kept
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}
