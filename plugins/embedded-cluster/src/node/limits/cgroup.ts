import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a control group can limit here. */
export type CgroupController = 'memory' | 'cpu';

/** Where this machine lets us limit something. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /** The folder that all groups of this node are in. */
  readonly folder: string;
  /**
   * Makes a group, or limits one that there is. Processes join it by `cgroup.procs` in its folder, and what they start is in it.
   * @param limit bytes of memory, or processors (0.5 is half of one)
   * @returns its folder
   */
  create(name: string, limit: number): string;
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
export function findCgroupHierarchy(controller: CgroupController, name: string): CgroupHierarchy | undefined {
  const own = readIfAny('/proc/self/cgroup');
  const mounts = readIfAny('/proc/self/mountinfo')
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [type = '', , options = ''] = after.split(' ');
      return { folder: before.split(' ')[4] ?? '', type, options: options.split(',') };
    });
  const separate = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller));
  if (separate !== undefined) {
    const path = new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, 'm').exec(own)?.[1] ?? '/';
    return tried(1, controller, [join(separate.folder, path, name), join(separate.folder, name)]);
  }
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  if (unified === undefined) return undefined;
  const path = /^0::(.*)$/m.exec(own)?.[1] ?? '/';
  return tried(2, controller, [join(unified.folder, dirname(path), name), join(unified.folder, name)]);
}

const PROBE_LIMITS = { memory: 64 * 1024 * 1024, cpu: 1 };

function tried(
  version: 1 | 2,
  controller: CgroupController,
  folders: readonly string[],
): CgroupHierarchy | undefined {
  for (const folder of folders) {
    if (!existsSync(dirname(folder))) continue;
    const create = (name: string, limit: number): string =>
      createGroup(version, controller, folder, name, limit);
    const existed = existsSync(folder);
    try {
      const probe = create('probe', PROBE_LIMITS[controller]);
      // Whether a process may move there is decided by more than the file's mode.
      const procs = join(probe, 'cgroup.procs');
      execFileSync('/bin/sh', ['-c', 'echo $$ >"$0"', procs], { stdio: 'ignore', timeout: 5000 });
      removeCgroup(probe);
      return { version, folder, create };
    } catch {
      removeCgroup(join(folder, 'probe'));
      if (!existed) removeCgroup(folder);
    }
  }
  return undefined;
}

function createGroup(
  version: 1 | 2,
  controller: CgroupController,
  parent: string,
  name: string,
  limit: number,
): string {
  mkdirSync(parent, { recursive: true });
  if (version === 2) writeFileSync(join(parent, 'cgroup.subtree_control'), `+${controller}`);
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  const set = (file: string, value: string | number): void =>
    writeFileSync(join(folder, file), String(value));
  if (controller === 'memory') limitMemory(version, folder, set, limit);
  else limitCpu(version, set, limit);
  return folder;
}

type SetFile = (file: string, value: string | number) => void;

function limitMemory(version: 1 | 2, folder: string, set: SetFile, bytes: number): void {
  if (version === 1) {
    set('memory.limit_in_bytes', bytes);
    if (existsSync(join(folder, 'memory.memsw.limit_in_bytes'))) set('memory.memsw.limit_in_bytes', bytes);
    return;
  }
  set('memory.max', bytes);
  if (existsSync(join(folder, 'memory.swap.max'))) set('memory.swap.max', 0);
  // One process that is ended leaves a container that does not work: the group ends as a whole.
  set('memory.oom.group', 1);
}

const PERIOD_MICROSECONDS = 100_000;
/** Less is refused by the kernel. */
const MIN_QUOTA_MICROSECONDS = 1000;

function limitCpu(version: 1 | 2, set: SetFile, processors: number): void {
  const quota = Math.max(MIN_QUOTA_MICROSECONDS, Math.ceil(processors * PERIOD_MICROSECONDS));
  if (version === 2) {
    set('cpu.max', `${quota} ${PERIOD_MICROSECONDS}`);
    return;
  }
  set('cpu.cfs_period_us', PERIOD_MICROSECONDS);
  set('cpu.cfs_quota_us', quota);
}

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // no Linux
  }
}
