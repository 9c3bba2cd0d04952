import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readlinkSync } from 'node:fs';
import { parseStat, type ProcessIdentity } from '../process/process-identity.ts';

/** How a run ended. */
export interface RunExit {
  /** 128 + n when signal n ended it. */
  readonly exitCode: number;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
  /** False when nobody saw the exit: the supervisor itself was killed, or the machine went down. */
  readonly known: boolean;
}

/** The supervisor of a run folder, whether or not it still lives; undefined when it never started. */
export function readSupervisor(
  folder: string,
): (ProcessIdentity & { readonly startedAt: number }) | undefined {
  const text = readText(join(folder, 'pid'));
  if (text === undefined) return undefined;
  const [pid = '', stat = ''] = text.split('\n');
  const startTicks = parseStat(stat)?.startTicks;
  return {
    pid: Number(pid),
    ...(startTicks === undefined ? {} : { startTicks }),
    startedAt: statSync(join(folder, 'pid')).mtimeMs,
  };
}

/** The recorded exit; undefined while the command runs. */
export function readExit(folder: string): RunExit | undefined {
  const text = readText(join(folder, 'exit'));
  if (text === undefined) return undefined;
  return { exitCode: Number(text), finishedAt: statSync(join(folder, 'exit')).mtimeMs, known: true };
}

/**
 * Process 1 of the run's sandbox, as this process sees it: its group is the container's, and its end is the
 * end of everything in the sandbox. Undefined without a sandbox, before it is up, and after its end: the
 * inode of its PID namespace tells it from a later process of the same id.
 */
export function readSandboxInit(folder: string): number | undefined {
  const text = readText(join(folder, 'sandbox'));
  if (text === undefined || !text.trimEnd().endsWith('}')) return undefined;
  const info = JSON.parse(text) as { 'child-pid': number; 'pid-namespace'?: number };
  try {
    const namespace = readlinkSync(`/proc/${info['child-pid']}/ns/pid`);
    return namespace === `pid:[${info['pid-namespace'] ?? ''}]` ? info['child-pid'] : undefined;
  } catch {
    return undefined; // it has ended
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
