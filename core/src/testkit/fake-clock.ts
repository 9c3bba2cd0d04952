import type { Clock } from '../ports/clock.ts';

interface Sleeper {
  readonly endMs: number;
  wake(): void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #nowMs: number;

  constructor(nowMs = Date.parse('2024-01-01T00:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  /** How many sleeps have not ended. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const sleeper: Sleeper = { endMs: this.#nowMs + ms, wake: () => end(resolve) };
      const abort = (): void => end(() => reject(signal?.reason));
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Moves the time, waking sleepers in the order of their ends, and lets what they wake run. */
  async advance(ms: number): Promise<void> {
    const target = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = [...this.#sleepers].sort((a, b) => a.endMs - b.endMs);
      if (next === undefined || next.endMs > target) break;
      this.#nowMs = next.endMs;
      next.wake();
    }
    this.#nowMs = target;
  }
}
