import { setMaxListeners } from 'node:events';
import type { EpinioError } from './errors.ts';

/** Bounds of one wait. */
export interface DeadlineOptions {
  readonly timeoutMs: number;
  /** Ends the wait early with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** What to throw when the time is up: it names who was waited for. */
  readonly error: () => EpinioError;
}

/**
 * Waits for `work`, but no longer than the deadline. `work` gets a signal that is aborted when the wait
 * ends early; what it does after that is ignored, so it should stop.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T> | T,
  { timeoutMs, signal, error }: DeadlineOptions,
): Promise<T> {
  signal?.throwIfAborted();
  const inner = new AbortController();
  let giveUp: (reason: unknown) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    giveUp = (reason) => {
      reject(reason);
      inner.abort(reason);
    };
  });
  // Ref'd on purpose: otherwise the process could end with the wait still open.
  const timer = setTimeout(() => giveUp(error()), timeoutMs);
  const onAbort = (): void => giveUp(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([(async () => work(inner.signal))(), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * A signal that follows another and may have any number of listeners: for work that waits on it side by
 * side, where Node.js would warn of a leak at the eleventh.
 */
export function sharedSignal(signal: AbortSignal): AbortSignal {
  const shared = AbortSignal.any([signal]);
  setMaxListeners(0, shared);
  return shared;
}
