/** Lines waiting to be read beyond this number make their writers wait. */
const CAPACITY = 1_000;

/** Brings several writers to one reader, with bounded memory: a writer waits while the reader is behind. */
export class LineQueue<T> implements AsyncIterable<T> {
  readonly #lines: T[] = [];
  readonly #writers: (() => void)[] = [];
  #reader: (() => void) | undefined;
  #ended = false;

  /** Resolves when there is room for more; at once after the end. */
  async push(line: T): Promise<void> {
    if (this.#ended) return;
    this.#lines.push(line);
    this.#reader?.();
    while (this.#isFull()) await new Promise<void>((resolve) => this.#writers.push(resolve));
  }

  /** The reader gets what is there and then ends. Idempotent. */
  end(): void {
    this.#ended = true;
    this.#reader?.();
    this.#wakeWriters();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        if (this.#lines.length < CAPACITY / 2) this.#wakeWriters();
        yield line;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.#reader = resolve));
        this.#reader = undefined;
      }
    }
  }

  #isFull(): boolean {
    return !this.#ended && this.#lines.length >= CAPACITY;
  }

  #wakeWriters(): void {
    for (const wake of this.#writers.splice(0)) wake();
  }
}
