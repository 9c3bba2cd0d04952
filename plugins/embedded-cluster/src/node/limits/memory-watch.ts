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
    this.#timer ??= setInterval(() => this.#look(), this.#pollMs).unref();
    return () => this.#remove(watched);
  }

  close(): void {
    this.#watched.clear();
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const watched of this.#watched) {
      const bytes = residentBytes(watched.run.processes());
      if (bytes === undefined || bytes <= watched.limitBytes) continue;
      this.#remove(watched);
      watched.onExceeded();
    }
  }

  #remove(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
