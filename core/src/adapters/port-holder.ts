import { readdir, readFile, readlink } from 'node:fs/promises';
import { hasErrno } from './errno.ts';

/** Who listens on a TCP port of this machine, as far as /proc tells this user. */
export interface PortHolder {
  readonly pid: number;
  /** The program's name: "node". */
  readonly program: string;
}

const LISTEN = '0A';

/** @returns undefined when nobody listens, or it cannot be told (another user's process, no /proc). */
export async function portHolder(port: number): Promise<PortHolder | undefined> {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readOrEmpty(table)).split('\n').slice(1)) {
      // proc(5): slot, local address, remote address, state, … with the inode as the tenth field.
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const localPort = Number.parseInt(local.split(':').at(-1) ?? '', 16);
      if (state === LISTEN && localPort === port && inode !== undefined) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  for (const pid of await readdirOrEmpty('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await readdirOrEmpty(`/proc/${pid}/fd`)) {
      const target = await orElse(readlink(`/proc/${pid}/fd/${fd}`), '');
      if (inodes.has(target))
        return { pid: Number(pid), program: (await readOrEmpty(`/proc/${pid}/comm`)).trim() };
    }
  }
  return undefined;
}

async function readOrEmpty(file: string): Promise<string> {
  return await orElse(readFile(file, 'utf8'), '');
}

async function readdirOrEmpty(folder: string): Promise<readonly string[]> {
  return await orElse<readonly string[]>(readdir(folder), []);
}

/** Processes end while we look, others are not ours to look at, and some systems have no /proc. */
async function orElse<T>(promise: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR', 'EINVAL')) return otherwise;
    throw error;
  }
}
