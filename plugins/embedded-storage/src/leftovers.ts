import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './disk-error.ts';

/** Begins the names of files that this process is writing. */
export const PROCESS = `${process.pid}-${randomUUID().slice(0, 8)}`;

/**
 * Removes what processes that are gone left half-written.
 * @returns how many files that were.
 */
export async function removeLeftovers(folder: string): Promise<number> {
  const names = await namesIn(folder);
  const dead = names.filter(
    (name) => !name.startsWith(`${PROCESS}-`) && !isRunning(Number.parseInt(name, 10)),
  );
  await Promise.all(dead.map((name) => rm(join(folder, name), { force: true })));
  return dead.length;
}

/** Another process of our own number is gone: we have it now. */
function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
