import { readdirSync } from 'node:fs';
import { readStat, type ProcessStat } from './process-identity.ts';

/** Every process of the machine, as /proc has it; empty where there is no /proc. */
export function readProcesses(): readonly ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const name of entriesOf('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat !== undefined) found.push(stat);
  }
  return found;
}

/**
 * Every process below `root` and every process of a session that one of them leads, whoever its parent is
 * now: a daemon that was left behind by its parent is still in the session it was started in.
 */
export function processTree(root: number, processes = readProcesses()): readonly ProcessStat[] {
  const members = new Map<number, ProcessStat>();
  const sessions = new Set([root]);
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const stat of processes) {
      if (members.has(stat.pid)) continue;
      if (stat.pid !== root && !members.has(stat.ppid) && !sessions.has(stat.session)) continue;
      members.set(stat.pid, stat);
      if (stat.session === stat.pid) sessions.add(stat.pid);
    }
  }
  return [...members.values()];
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
