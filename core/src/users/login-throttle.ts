import type { Clock } from '../ports/clock.ts';

interface Failures {
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

/** Failures that cost nothing: people mistype. */
const FREE_PER_USER = 5;
/** For one address with any user names. Behind one address may be a whole office. */
const FREE_PER_ADDRESS = 30;
/** For one user from anywhere: addresses can be many, or be made up by who speaks to the server directly. */
const FREE_PER_NAME = 50;
const LONGEST_MS = 60_000;
/** Short, so that nobody locks a user out from elsewhere. */
const LONGEST_PER_NAME_MS = 2_000;
const FORGOTTEN_MS = 15 * 60_000;
const REMEMBERED = 10_000;

/**
 * Makes guessing passwords slow: after some failures, each further one doubles the time in which nothing from that
 * address is looked at, for that user or, when it tries many, for all. From elsewhere, a user is held up for two seconds at most.
 */
export class LoginThrottle {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Seconds to wait; 0 when the attempt may be made. */
  retryAfterSeconds(user: string, address: string): number {
    const waits = [
      this.#waitMs(pairKey(user, address), FREE_PER_USER),
      this.#waitMs(address, FREE_PER_ADDRESS),
      this.#waitMs(nameKey(user), FREE_PER_NAME, LONGEST_PER_NAME_MS),
    ];
    return Math.ceil(Math.max(...waits) / 1000);
  }

  failed(user: string, address: string): void {
    for (const key of [pairKey(user, address), address, nameKey(user)]) {
      const now = this.#clock.now();
      const known = this.#failures.get(key);
      const isFresh = known !== undefined && now - known.last < FORGOTTEN_MS;
      // Deleted first, so that the map stays in the order of last use.
      this.#failures.delete(key);
      this.#failures.set(key, { count: isFresh ? known.count + 1 : 1, last: now });
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= REMEMBERED) break;
      this.#failures.delete(key);
    }
  }

  succeeded(user: string, address: string): void {
    this.#failures.delete(pairKey(user, address));
  }

  #waitMs(key: string, free: number, longestMs = LONGEST_MS): number {
    const known = this.#failures.get(key);
    if (known === undefined || known.count < free) return 0;
    const pause = Math.min(longestMs, 1000 * 2 ** Math.min(known.count - free, 10));
    return Math.max(0, known.last + pause - this.#clock.now());
  }
}

function nameKey(user: string): string {
  return `name ${user}`;
}

function pairKey(user: string, address: string): string {
  return `${address} ${user}`;
}
