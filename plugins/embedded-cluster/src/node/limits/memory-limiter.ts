import { messageOf, type Log } from '@epinio/core';
import type { ContainerRun } from '../supervisor/container-run.ts';
import { findCgroupMemory, oomKills, removeCgroup, type CgroupMemory } from './cgroup.ts';
import { MemoryWatch } from './memory-watch.ts';

const REMOVE_RETRY_MS = 200;
const REMOVE_TRIES = 25;

/** Holds containers to their memory limits: by control groups where they can be had, otherwise by looking. */
export class MemoryLimiter {
  readonly #name: string;
  readonly #log: Log;
  readonly #watch: MemoryWatch;
  /** Looked for when the first container with a limit starts; null when there is none. */
  #cgroup: CgroupMemory | null | undefined;

  /** @param name of the control group that all containers of this node are in */
  constructor(options: {
    readonly name: string;
    readonly log: Log;
    readonly pollMs: number;
    readonly useCgroups: boolean;
  }) {
    this.#name = options.name;
    this.#log = options.log;
    this.#watch = new MemoryWatch(options.pollMs);
    if (!options.useCgroups) this.#cgroup = null;
  }

  /**
   * A control group for a container, to be joined by its supervisor; undefined where the container is to be watched.
   * @returns its folder and the file to write a process id to
   */
  createGroup(
    container: string,
    limitBytes: number,
  ): { readonly folder: string; readonly procs: string } | undefined {
    if (this.#cgroup === undefined) {
      this.#cgroup = findCgroupMemory(this.#name) ?? null;
      const by =
        this.#cgroup === null
          ? 'looking at their resident size'
          : `control groups, version ${this.#cgroup.version}`;
      this.#log.info('Memory limits of containers are kept', { by });
    }
    try {
      return this.#cgroup?.create(container, limitBytes);
    } catch (error) {
      this.#log.warn('No control group could be made', { container, reason: messageOf(error) });
      return undefined;
    }
  }

  /** Watches a run that is in no control group; calls back once when it is over its limit. */
  watch(run: ContainerRun, limitBytes: number, onExceeded: () => void): () => void {
    return this.#watch.add(run, limitBytes, onExceeded);
  }

  /** Whether the kernel ended something in the group for want of memory. */
  wasExceeded(folder: string): boolean {
    return oomKills(folder) > 0;
  }

  /** Removes a group once its last process is gone. */
  async removeGroup(folder: string): Promise<void> {
    for (let tries = 0; tries < REMOVE_TRIES; tries++) {
      if (removeCgroup(folder)) return;
      await new Promise((resolve) => setTimeout(resolve, REMOVE_RETRY_MS).unref());
    }
    this.#log.debug('Control group could not be removed', { folder });
  }

  /** Leaves no folder behind once no container needs it. */
  close(): void {
    this.#watch.close();
    if (this.#cgroup != null) removeCgroup(this.#cgroup.folder);
  }
}
