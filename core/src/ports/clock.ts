import { token } from '../kernel/token.ts';

/** Time, so that tests need not wait for it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment of the past. It never jumps, so durations and deadlines are reckoned with it. */
  elapsed(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const clock = token<Clock>('port:clock');
