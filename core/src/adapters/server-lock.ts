import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EpinioError } from '../kernel/errors.ts';
import { type Lock, type LockHolder, lockHolder, tryLock } from './lock-folder.ts';

const NAME = 'server';
const ATTEMPTS = 5;

/** The process that serves a data folder. */
export interface ServerLock {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

/**
 * Makes this process the only server of a data folder, until the lock is released or the process ends,
 * however it ends: what a dead one left is taken over. Fails with `SERVER_RUNNING`, naming the process.
 */
export async function acquireServerLock(dataDirectory: string): Promise<Lock> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryLock(locksOf(dataDirectory), NAME, Date.now());
    if ('release' in result) return result;
    const isOurs = result.pid === process.pid;
    // Two that start at the same moment both give way: a random pause later one of them is first.
    if (!isOurs && attempt < ATTEMPTS && Date.now() - result.sinceMs < 1_000) {
      await delay(Math.random() * 50 * attempt);
      continue;
    }
    throw running(dataDirectory, result);
  }
}

/** @returns undefined when no server runs in the folder. */
export async function readServerLock(dataDirectory: string): Promise<ServerLock | undefined> {
  const holder = await lockHolder(locksOf(dataDirectory), NAME);
  return holder === undefined ? undefined : { pid: holder.pid, sinceMs: holder.sinceMs };
}

function locksOf(dataDirectory: string): string {
  return join(dataDirectory, 'locks');
}

function running(dataDirectory: string, { pid, sinceMs }: LockHolder): EpinioError {
  const since = new Date(sinceMs).toISOString();
  return new EpinioError(
    'SERVER_RUNNING',
    `A server (process ${pid}) has been running in "${dataDirectory}" since ${since}`,
    {
      fix: 'epinio stop',
      status: 409,
    },
  );
}
