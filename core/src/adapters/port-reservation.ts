import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { hasErrno } from './errno.ts';
import { tryLock } from './lock-folder.ts';

/**
 * Keeps a free port for this process until it ends, among the platforms of this user on this machine: between
 * choosing a port and listening on it, two that start at the same moment would choose the same.
 * @returns false when another process (or platform of this one) has kept it first.
 */
export async function reservePort(port: number): Promise<boolean> {
  try {
    const folder = join(tmpdir(), `epinio-ports-${userInfo().uid}`);
    return 'release' in (await tryLock(folder, String(port), Date.now()));
  } catch (error) {
    // A machine without a writable temporary folder has no reservations; listening then shows who was first.
    if (hasErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC')) return true;
    throw error;
  }
}
