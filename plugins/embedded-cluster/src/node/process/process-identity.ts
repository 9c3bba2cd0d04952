import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start; absent where there is no /proc. */
  readonly startTicks?: number;
}

/** The fields of /proc/<pid>/stat that are used here (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  readonly session: number;
  readonly startTicks: number;
}

/** Reads a line of /proc/<pid>/stat; the command name in it may hold spaces and parentheses. */
export function parseStat(line: string): ProcessStat | undefined {
  const end = line.lastIndexOf(')');
  if (end < 0) return undefined;
  const fields = line.slice(end + 2).split(' ');
  const number = (index: number): number => Number(fields[index - 3]);
  return {
    pid: parseInt(line, 10),
    state: fields[0] ?? '?',
    ppid: number(4),
    pgid: number(5),
    session: number(6),
    startTicks: number(22),
  };
}

/** @returns undefined when there is no such process, or no /proc. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined; // gone between two looks, or not Linux: both mean "not seen"
  }
}

/** Changes with every boot; process ids of another boot mean nothing. Empty where the system has none. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** Whether this very process still runs; a zombie does not. */
export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  if (startTicks !== undefined) {
    const stat = readStat(pid);
    return stat?.startTicks === startTicks && stat.state !== 'Z';
  }
  return signalProcess(pid, 0);
}

/** @returns false when there is no such process (or, for a negative pid, group) or it is not ours. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
