import { readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readUntrusted } from '../files.ts';
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
  const text = readUntrusted(join(folder, 'pid'));
  if (text === undefined) return undefined;
  const [pid = '', stat = ''] = text.split('\n');
  const startTicks = parseStat(stat)?.startTicks;
  if (!mayName(folder, Number(pid))) return undefined;
  return {
    pid: Number(pid),
    ...(startTicks === undefined ? {} : { startTicks }),
    startedAt: statSync(join(folder, 'pid')).mtimeMs,
  };
}

/** The recorded exit; undefined while the command runs. */
export function readExit(folder: string): RunExit | undefined {
  const text = readUntrusted(join(folder, 'exit'));
  if (text === undefined) return undefined;
  return { exitCode: Number(text), finishedAt: statSync(join(folder, 'exit')).mtimeMs, known: true };
}

/**
 * Process 1 of the run's sandbox, as this process sees it: its group is the container's, and its end is the
 * end of everything in the sandbox. Undefined without a sandbox, before it is up, and after its end: the
 * inode of its PID namespace tells it from a later process of the same id.
 */
export function readSandboxInit(folder: string): number | undefined {
  const text = readUntrusted(join(folder, 'sandbox'));
  if (text === undefined || !text.trimEnd().endsWith('}')) return undefined;
  try {
    const info = JSON.parse(text) as { 'child-pid': number; 'pid-namespace'?: number };
    if (!mayName(folder, info['child-pid'])) return undefined;
    const namespace = readlinkSync(`/proc/${info['child-pid']}/ns/pid`);
    return namespace === `pid:[${info['pid-namespace'] ?? ''}]` ? info['child-pid'] : undefined;
  } catch {
    return undefined; // it has ended, or somebody else wrote that
  }
}

/**
 * Whether a process can be meant by what is written in a run folder. A pod's user that owns the folder could write any
 * number there: only processes of that user are.
 */
function mayName(folder: string, pid: number): boolean {
  const { uid } = statSync(folder);
  if (uid === (process.getuid?.() ?? uid)) return true;
  try {
    return statSync(`/proc/${pid}`).uid === uid;
  } catch {
    return true; // it has ended, or there is no /proc
  }
}
