import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A control group of one container, with a limit on its memory. */
export interface MemoryCgroup {
  /** Processes that write their id to this file are limited, and what they start. */
  readonly procs: string;
  readonly folder: string;
}

/** What this machine lets us limit memory with; undefined when it lets us not. */
export interface CgroupMemory {
  readonly version: 1 | 2;
  /** The folder that all groups of this node are in. */
  readonly folder: string;
  create(name: string, limitBytes: number): MemoryCgroup;
}

/** How often the kernel ended a process of the group for want of memory. */
export function oomKills(folder: string): number {
  const file = [join(folder, 'memory.events'), join(folder, 'memory.oom_control')].find((path) =>
    existsSync(path),
  );
  if (file === undefined) return 0;
  return Number(/^oom_kill (\d+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
}

/** Removes the group; does nothing when it is gone, or when processes are still ending in it. */
export function removeCgroup(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}

/**
 * Finds, by trying, a place for control groups: version 1 below this process's own group, version 2 beside it
 * (a group with processes cannot have limited children) or, for root, at the top.
 * @param name of the folder that all groups of this node are in
 */
export function findCgroupMemory(name: string): CgroupMemory | undefined {
  const own = readIfAny('/proc/self/cgroup');
  const mounts = readIfAny('/proc/self/mountinfo')
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [type = '', , options = ''] = after.split(' ');
      return { folder: before.split(' ')[4] ?? '', type, options: options.split(',') };
    });
  const memory = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'));
  if (memory !== undefined) {
    const path = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(own)?.[1] ?? '/';
    return tried(1, [join(memory.folder, path, name), join(memory.folder, name)]);
  }
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  if (unified === undefined) return undefined;
  const path = /^0::(.*)$/m.exec(own)?.[1] ?? '/';
  return tried(2, [join(unified.folder, dirname(path), name), join(unified.folder, name)]);
}

function tried(version: 1 | 2, folders: readonly string[]): CgroupMemory | undefined {
  for (const folder of folders) {
    if (!existsSync(dirname(folder))) continue;
    const memory = {
      version,
      folder,
      create: (name: string, limit: number) => createGroup(version, folder, name, limit),
    };
    try {
      const probe = memory.create('probe', 64 * 1024 * 1024);
      // Whether a process may move there is decided by more than the file's mode.
      execFileSync('/bin/sh', ['-c', 'echo $$ >"$0"', probe.procs], { stdio: 'ignore', timeout: 5000 });
      removeCgroup(probe.folder);
      return memory;
    } catch {
      removeCgroup(join(folder, 'probe'));
      removeCgroup(folder);
    }
  }
  return undefined;
}

function createGroup(version: 1 | 2, parent: string, name: string, limitBytes: number): MemoryCgroup {
  mkdirSync(parent, { recursive: true });
  if (version === 2) writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  const set = (file: string, value: string | number): void =>
    writeFileSync(join(folder, file), String(value));
  if (version === 1) {
    set('memory.limit_in_bytes', limitBytes);
    if (existsSync(join(folder, 'memory.memsw.limit_in_bytes')))
      set('memory.memsw.limit_in_bytes', limitBytes);
  } else {
    set('memory.max', limitBytes);
    if (existsSync(join(folder, 'memory.swap.max'))) set('memory.swap.max', 0);
    // One process that is ended leaves a container that does not work: the group ends as a whole.
    set('memory.oom.group', 1);
  }
  return { folder, procs: join(folder, 'cgroup.procs') };
}

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // no Linux
  }
}
