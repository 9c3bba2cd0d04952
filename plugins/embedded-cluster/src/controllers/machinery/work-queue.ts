import { hasCode, messageOf, type Clock, type Log } from '@epinio/core';

const RETRY_MS = 10;
const MAX_RETRY_MS = 60_000;
/** Failures before a person is told: the first ones are mostly two writers of one object. */
const FAILURES_TO_WARN = 5;

export interface WorkQueueOptions {
  /** For the log: "replicaset". */
  readonly name: string;
  /** Brings one key to where it should be; called again until it does not fail. */
  readonly sync: (key: string, signal: AbortSignal) => Promise<void>;
  /** Keys that are worked on side by side. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keys to be worked on. A key is worked on by one at a time, however often it is added; one that is added
 * meanwhile is worked on once more; one that fails comes back after a growing pause.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #stopped = new AbortController();
  /** In the order in which they are to be worked on. */
  readonly #waiting = new Set<string>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, number>();
  /** When a key is to be added: the earliest counts. */
  readonly #timers = new Map<string, { readonly at: number; readonly timer: AbortController }>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#stopped.signal.aborted) return;
    this.#waiting.add(key);
    this.#next();
  }

  /** Adds the key after a while; an earlier time that was asked for stays. */
  addAfter(key: string, ms: number): void {
    const { clock } = this.#options;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = clock.elapsed() + ms;
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.timer.abort(new Error('an earlier time was asked for'));
    const timer = new AbortController();
    const entry = { at, timer };
    this.#timers.set(key, entry);
    clock.sleep(ms, AbortSignal.any([timer.signal, this.#stopped.signal])).then(
      () => {
        if (this.#timers.get(key) === entry) this.#timers.delete(key);
        this.add(key);
      },
      () => undefined, // aborted: there is an earlier time, or the end
    );
  }

  /** Starts nothing any more. Resolves when what was begun has come to its end. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error(`the ${this.#options.name} controller stops`));
    this.#waiting.clear();
    await Promise.all(this.#working.values());
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#working.size >= this.#options.concurrency) return;
      if (this.#working.has(key)) continue;
      this.#waiting.delete(key);
      this.#working.set(key, this.#work(key));
    }
  }

  async #work(key: string): Promise<void> {
    const { sync, log, name } = this.#options;
    const { signal } = this.#stopped;
    try {
      await sync(key, signal);
      this.#failures.delete(key);
    } catch (error) {
      if (!signal.aborted) {
        const failures = (this.#failures.get(key) ?? 0) + 1;
        this.#failures.set(key, failures);
        const pauseMs = Math.min(RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS);
        const level = failures >= FAILURES_TO_WARN && !hasCode(error, 'KUBE_CONFLICT') ? 'warn' : 'debug';
        log[level]('Controller will try again', { controller: name, key, reason: messageOf(error), pauseMs });
        this.addAfter(key, pauseMs);
      }
    } finally {
      this.#working.delete(key);
      this.#next();
    }
  }
}
