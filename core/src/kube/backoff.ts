/** Growing pauses between attempts. */
export interface Backoff {
  /** Milliseconds until the next attempt, at most `maxMs`; doubles from call to call. */
  next(maxMs?: number): number;
  /** Begins again with the shortest pause. */
  reset(): void;
}

/**
 * Exponential back-off with jitter: each pause is a random half to whole of the doubled one before, so
 * that many clients of a server that comes back do not call it at the same moment.
 */
export function createBackoff(
  options: { readonly baseMs?: number; readonly maxMs?: number; readonly random?: () => number } = {},
): Backoff {
  const { baseMs = 100, maxMs = 10_000, random = Math.random } = options;
  let attempts = 0;
  return {
    next(limitMs = maxMs) {
      const ceiling = Math.min(limitMs, maxMs, baseMs * 2 ** Math.min(attempts++, 20));
      return Math.round(ceiling / 2 + (random() * ceiling) / 2);
    },
    reset() {
      attempts = 0;
    },
  };
}
