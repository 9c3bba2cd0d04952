const TURN_MS = 5;

/** For work that is quicker without waiting: lets everything else of the process have its turn every few milliseconds. */
export class Turn {
  #since = performance.now();

  /** Resolves at once, or, after some time of work, when others had their turn. */
  async take(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
