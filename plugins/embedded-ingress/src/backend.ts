import type { Clock } from '@epinio/core';
import { Endpoint } from './endpoint.ts';
import type { ServicePortRef } from './route-claims.ts';
import type { Resolution } from './service-endpoints.ts';

export interface BackendOptions {
  readonly clock: Clock;
}

/** The instances behind one Service port, and the choice among them. */
export class Backend {
  readonly ref: ServicePortRef;
  readonly #options: BackendOptions;
  #endpoints: readonly Endpoint[] = [];
  #problem: string | undefined;
  #lastReadyAt = Number.NEGATIVE_INFINITY;
  #next = 0;
  readonly #waiting = new Set<() => void>();

  constructor(ref: ServicePortRef, options: BackendOptions) {
    this.ref = ref;
    this.#options = options;
  }

  /** Why there is no instance; undefined when there is one. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get size(): number {
    return this.#endpoints.length;
  }

  /** Takes what the cluster says now: new instances are used, those that vanished finish what they have begun. */
  update({ addresses, problem }: Resolution): void {
    const known = new Map(this.#endpoints.map((endpoint) => [endpoint.address, endpoint]));
    if (this.#endpoints.length > 0) this.#lastReadyAt = this.#options.clock.now();
    this.#problem = problem;
    this.#endpoints = addresses.map((address) => {
      const endpoint = known.get(address) ?? new Endpoint(address);
      known.delete(address);
      return endpoint;
    });
    for (const gone of known.values()) gone.retire();
    for (const wake of this.#waiting) wake();
  }

  /**
   * The instance with the fewest requests under way; equals take turns. Those that have just refused a
   * connection come last. @returns undefined when all are in `tried`.
   */
  pick(tried: ReadonlySet<Endpoint>): Endpoint | undefined {
    const now = this.#options.clock.now();
    const count = this.#endpoints.length;
    let best: Endpoint | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const endpoint = this.#endpoints[(this.#next + i) % count];
      if (endpoint === undefined || tried.has(endpoint)) continue;
      const rank = endpoint.outstanding + (endpoint.isSuspect(now) ? SUSPECT_RANK : 0);
      if (rank < bestRank) {
        best = endpoint;
        bestRank = rank;
      }
    }
    this.#next = (this.#next + 1) % Math.max(count, 1);
    return best;
  }

  /** True when it has or had an instance within `ms`: then one may well be back in a moment. */
  wasReadyWithin(ms: number): boolean {
    return this.#endpoints.length > 0 || this.#options.clock.now() - this.#lastReadyAt <= ms;
  }

  /**
   * Resolves when the instances change, and after `ms` at the latest; with false at once when too many wait.
   * Rejects with the signal's reason.
   */
  async changed(ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.#waiting.size >= MAX_WAITING) return false;
    signal.throwIfAborted();
    // Not AbortSignal.any: on a signal that lives as long as the server, each use of it leaves something behind.
    const over = new AbortController();
    const wake = (): void => over.abort(WOKEN);
    const stop = (): void => over.abort(signal.reason);
    this.#waiting.add(wake);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await this.#options.clock.sleep(ms, over.signal);
    } catch (error) {
      if (error !== WOKEN) throw error;
    } finally {
      this.#waiting.delete(wake);
      signal.removeEventListener('abort', stop);
    }
    return true;
  }

  /** Lets the requests under way finish; none follow. */
  retire(): void {
    this.update({ addresses: [], problem: 'it is no longer published' });
  }
}

const WOKEN = new Error('the instances changed');
const SUSPECT_RANK = 1e9;
/** Requests that may wait for an instance of one application, so that a dead one does not pile them up. */
const MAX_WAITING = 1_000;
