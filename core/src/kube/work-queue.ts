import { messageOf } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { type Backoff, createBackoff } from './backoff.ts';

export interface WorkQueueOptions {
  /** Said in the log: "certificates". */
  readonly name: string;
  /**
   * Brings one thing to the state it should have, whatever happened to it. A rejection is tried again after a
   * growing pause. @returns milliseconds after which to look again unasked; undefined: only when asked.
   */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<number | undefined>;
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the queue. */
  readonly signal: AbortSignal;
  /** Keys worked on at the same time; default 1. */
  readonly concurrency?: number;
}

/** Keys of things that need to be looked at. Each key is worked on once at a time, however often it is added. */
export interface WorkQueue {
  add(key: string): void;
  /** Resolves after the signal is aborted, when the work under way has ended. Never rejects. */
  readonly done: Promise<void>;
}

/** Pauses between attempts of one key that keeps failing. */
const RETRY = { baseMs: 200, maxMs: 60_000 };
/** Timers hold 24 days at most; a wait that is longer is cut into these. */
const LONGEST_SLEEP_MS = 3_600_000;

/** Starts a level-triggered controller's queue: the heart of everything that reconciles. */
export function startWorkQueue({ concurrency = 1, ...options }: WorkQueueOptions): WorkQueue {
  const { name, reconcile, log, clock, signal } = options;
  const ready = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const due = new Map<string, number>();
  const failures = new Map<string, Backoff>();
  let wake: () => void = () => undefined;
  /** Counts, so that one that comes during a look is not slept over. */
  let additions = 0;

  async function work(key: string): Promise<void> {
    due.delete(key);
    try {
      const again = await reconcile(key, signal);
      failures.delete(key);
      if (again !== undefined) due.set(key, clock.elapsed() + again);
    } catch (error) {
      if (signal.aborted) return;
      let backoff = failures.get(key);
      if (backoff === undefined) failures.set(key, (backoff = createBackoff(RETRY)));
      const pauseMs = backoff.next();
      log.warn(`Work on ${name} failed, trying again`, { key, pauseMs, error: messageOf(error) });
      due.set(key, clock.elapsed() + pauseMs);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const seen = additions;
      const now = clock.elapsed();
      let untilDue = LONGEST_SLEEP_MS;
      for (const [key, at] of due) {
        if (at > now) untilDue = Math.min(untilDue, at - now);
        else if (due.delete(key)) ready.add(key);
      }
      for (const key of ready) {
        if (running.size >= concurrency) break;
        if (running.has(key)) continue; // again when it has ended
        ready.delete(key);
        running.set(key, end(key, work(key)));
      }
      if (additions === seen) await sleep(untilDue);
    }
    await Promise.all(running.values());
  }

  async function end(key: string, work: Promise<void>): Promise<void> {
    await work;
    running.delete(key);
    wake();
  }

  /** Until something is added or ends, the time is over, or the queue is stopped. */
  async function sleep(ms: number): Promise<void> {
    // Not AbortSignal.any: on a signal that lives as long as the server, each use of it leaves something behind.
    const woken = new AbortController();
    wake = () => woken.abort(WOKEN);
    if (signal.aborted) return;
    try {
      await clock.sleep(ms, woken.signal);
    } catch (error) {
      if (error !== WOKEN) throw error;
    }
  }

  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    add(key) {
      ready.add(key);
      additions += 1;
      wake();
    },
    done: run(),
  };
}

const WOKEN = new Error('there is work');
