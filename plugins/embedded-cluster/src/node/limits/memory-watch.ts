import { readProcesses } from '../process/process-table.ts';
import { residentBytes } from '../process/resident-size.ts';
import type { ContainerRun } from '../supervisor/container-run.ts';

interface Watched {
  readonly run: ContainerRun;
  readonly limitBytes: number;
  readonly onExceeded: () => void;
}

/**
 * Holds containers to their memory limit where no control group does: looks at their resident size from time to
 * time. Costs nothing while no container has a limit.
 */
export class MemoryWatch {
  readonly #pollMs: number;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(pollMs: number) {
    this.#pollMs = pollMs;
  }

  /** Calls back once when the run is over its limit. @returns what ends the watch. */
  add(run: ContainerRun, limitBytes: number, onExceeded: () => void): () => void {
    const watched = { run, limitBytes, onExceeded };
    this.#watched.add(watched);
    this.#timer ??= this.#lookAfter(this.#pollMs);
    return () => this.#remove(watched);
  }

  close(): void {
    this.#watched.clear();
    clearTimeout(this.#timer);
  }

  #lookAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const startedAt = performance.now();
      this.#look();
      // On a machine with many processes a look takes long: it may take a twentieth of the time.
      const pauseMs = Math.max(this.#pollMs, 20 * (performance.now() - startedAt));
      this.#timer = this.#watched.size > 0 ? this.#lookAfter(pauseMs) : undefined;
    }, ms).unref();
  }

  #look(): void {
    const table = readProcesses();
    for (const watched of this.#watched) {
      const bytes = residentBytes(watched.run.processes(table));
      if (bytes === undefined || bytes <= watched.limitBytes) continue;
      this.#remove(watched);
      watched.onExceeded();
    }
  }

  #remove(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
