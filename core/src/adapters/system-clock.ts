import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';

/** The longest pause a Node.js timer can make; a longer one would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's time. A sleep keeps the process alive until it ends. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  elapsed: () => performance.now(),
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    // One signal may end any number of sleeps; Node.js takes more than ten listeners for a leak.
    if (signal !== undefined) setMaxListeners(0, signal);
    for (let left = ms; left > 0; left -= MAX_TIMER_MS) {
      try {
        await delay(Math.min(left, MAX_TIMER_MS), undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        // The timer's own AbortError only says that it was aborted; the reason says why.
        signal?.throwIfAborted();
        throw error;
      }
    }
  },
});

/** The machine's time; see `systemClock`. */
export function createClock(): Clock {
  return systemClock;
}
