const MAX_TASKS = 16;

/** Runs small writes side by side, a bounded number at a time; the first failure ends it. */
export class WritePool {
  readonly #running = new Map<string, Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** Starts `task` when there is room. Two tasks of one path run one after the other. */
  async add(path: string, task: () => Promise<void>): Promise<void> {
    await this.#running.get(path);
    while (this.#running.size >= MAX_TASKS) await Promise.race(this.#running.values());
    this.#check();
    this.#running.set(path, this.#run(path, task));
  }

  /** Resolves when nothing runs any more. */
  async drain(): Promise<void> {
    await this.settle();
    this.#check();
  }

  /** The same, for when something else has failed already. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #run(path: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#running.delete(path);
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
