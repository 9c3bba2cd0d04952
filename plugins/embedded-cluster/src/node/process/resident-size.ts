import { readFileSync } from 'node:fs';

/**
 * Bytes of memory that are the processes' own: without program files, which they share, as a cgroup would
 * count them. Undefined where there is no /proc.
 */
export function residentBytes(pids: readonly number[]): number | undefined {
  let total: number | undefined;
  for (const pid of pids) {
    const status = readStatus(pid);
    if (status === undefined) continue;
    total = (total ?? 0) + kibibytes(status, 'RssAnon') + kibibytes(status, 'RssShmem');
  }
  return total;
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
}

function readStatus(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return undefined; // ended meanwhile
  }
}
