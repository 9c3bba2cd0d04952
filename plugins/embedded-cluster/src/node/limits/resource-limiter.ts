import { join } from 'node:path';
import { messageOf, type Log } from '@epinio/core';
import type { ContainerRun } from '../supervisor/container-run.ts';
import {
  findCgroupHierarchy,
  oomKills,
  removeCgroup,
  type CgroupController,
  type CgroupHierarchy,
} from './cgroup.ts';
import { MemoryWatch } from './memory-watch.ts';

const REMOVE_RETRY_MS = 200;
const REMOVE_TRIES = 25;

/** The folders of a container's control groups: one for each limit that the kernel keeps, with version 2 the same. */
export type ContainerCgroups = Readonly<Partial<Record<CgroupController, string>>>;

/** The files that a process joins the groups by. */
export function cgroupProcs(groups: ContainerCgroups): readonly string[] {
  return [...new Set(Object.values(groups))].map((folder) => join(folder, 'cgroup.procs'));
}

/**
 * Holds containers to their limits by control groups. Where these cannot be had, memory is watched by looking, and
 * processors are not limited.
 */
export class ResourceLimiter {
  readonly #name: string;
  readonly #log: Log;
  readonly #watch: MemoryWatch;
  /** Looked for when the first container with such a limit starts; null when there is none. */
  readonly #hierarchies = new Map<CgroupController, CgroupHierarchy | null>();

  /** @param name of the control group that all containers of this node are in */
  constructor(options: { readonly name: string; readonly log: Log; readonly pollMs: number }) {
    this.#name = options.name;
    this.#log = options.log;
    this.#watch = new MemoryWatch(options.pollMs);
  }

  /** Control groups for a container, to be joined by its supervisor: those of its limits that can be had. */
  createGroups(
    container: string,
    limits: Readonly<Partial<Record<CgroupController, number>>>,
  ): ContainerCgroups {
    const groups: Partial<Record<CgroupController, string>> = {};
    for (const controller of ['memory', 'cpu'] as const) {
      const limit = limits[controller];
      if (limit === undefined) continue;
      try {
        const folder = this.#hierarchy(controller)?.create(container, limit);
        if (folder !== undefined) groups[controller] = folder;
      } catch (error) {
        const fields = { container, controller, reason: messageOf(error) };
        this.#log.warn('No control group could be made', fields);
      }
    }
    return groups;
  }

  /** Watches a run that is in no control group; calls back once when it is over its limit. */
  watch(run: ContainerRun, limitBytes: number, onExceeded: () => void): () => void {
    return this.#watch.add(run, limitBytes, onExceeded);
  }

  /** Whether the kernel ended something in the group for want of memory. */
  wasExceeded({ memory }: ContainerCgroups): boolean {
    return memory !== undefined && oomKills(memory) > 0;
  }

  /** Removes the groups once their last process is gone. */
  async removeGroups(groups: ContainerCgroups): Promise<void> {
    const folders = [...new Set(Object.values(groups))];
    for (let tries = 0; tries < REMOVE_TRIES; tries++) {
      if (folders.map(removeCgroup).every(Boolean)) return;
      await new Promise((resolve) => setTimeout(resolve, REMOVE_RETRY_MS).unref());
    }
    this.#log.debug('Control groups could not be removed', { folders });
  }

  /** Leaves no folder behind once no container needs it. */
  close(): void {
    this.#watch.close();
    for (const hierarchy of this.#hierarchies.values())
      if (hierarchy !== null) removeCgroup(hierarchy.folder);
  }

  #hierarchy(controller: CgroupController): CgroupHierarchy | undefined {
    let hierarchy = this.#hierarchies.get(controller);
    if (hierarchy === undefined) {
      hierarchy = findCgroupHierarchy(controller, this.#name) ?? null;
      this.#hierarchies.set(controller, hierarchy);
      if (hierarchy !== null) {
        const by = `control groups, version ${hierarchy.version}`;
        this.#log.info(`Limits of containers are kept: ${controller}`, { by });
      } else if (controller === 'memory') {
        this.#log.info('Limits of containers are kept: memory', { by: 'looking at their resident size' });
      } else {
        const fix = 'Let the platform write control groups: run it as a service with Delegate=yes';
        this.#log.warn('CPU limits of containers are not kept: there are no control groups for them', {
          fix,
        });
      }
    }
    return hierarchy ?? undefined;
  }
}
