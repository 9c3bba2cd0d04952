import { setTimeout as delay } from 'node:timers/promises';
import { hasErrno } from './errno.ts';
import { portsFolder } from './kept-ports.ts';
import { tryLock } from './lock-folder.ts';

const ATTEMPTS = 4;
const MOMENT_MS = 500;

/**
 * Keeps a free port for this process until it ends, among the platforms of this user on this machine: between
 * choosing a port and listening on it, two that start at the same moment would choose the same.
 * @returns false when another process (or platform of this one) has kept it first.
 */
export async function reservePort(port: number): Promise<boolean> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      const result = await tryLock(portsFolder(), String(port), Date.now());
      if ('release' in result) return true;
      // Two that came at the same moment both gave way: a random pause later one of them is first.
      if (attempt === ATTEMPTS || Date.now() - result.sinceMs > MOMENT_MS) return false;
      await delay(Math.random() * 20 * attempt);
    }
  } catch (error) {
    // A machine without a writable temporary folder has no reservations; listening then shows who was first.
    if (hasErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC')) return true;
    throw error;
  }
}
