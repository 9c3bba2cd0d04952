import type { Clock } from '@epinio/core';
import { pauseUnlessAborted } from '../container/attend-container.ts';

/** Lets several wait for "something has changed", each with a deadline of its own. */
export class ChangeWaiter {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves after a change or `ms`, whichever comes first. Fails with the signal's reason. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const changed = new AbortController();
    const wake = (): void => changed.abort(new Error('something has changed'));
    this.#waiting.add(wake);
    await pauseUnlessAborted(this.#clock, ms, AbortSignal.any([changed.signal, signal]));
    this.#waiting.delete(wake);
    signal.throwIfAborted();
  }

  changed(): void {
    for (const wake of this.#waiting) wake();
  }
}
