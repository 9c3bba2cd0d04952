import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../kernel/deadline.ts';
import { EpinioError } from '../kernel/errors.ts';

const FIRST_MS = 25;
const LONGEST_MS = 1000;

/** Bounds of a repeated question. */
export interface PollOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly code: string;
  /** What was waited for, and by whom; the last answer is added. */
  readonly message: string;
  readonly fix?: string;
}

/**
 * Asks until the answer is undefined; any other answer says what is still missing. The pauses grow from
 * 25 ms to a second.
 */
export async function poll(
  question: (signal: AbortSignal) => Promise<string | undefined>,
  options: PollOptions,
): Promise<void> {
  let missing = 'no answer yet';
  const error = (): EpinioError =>
    new EpinioError(options.code, `${options.message} within ${options.timeoutMs / 1000} s: ${missing}`, {
      fault: 'system',
      ...(options.fix === undefined ? {} : { fix: options.fix }),
    });
  const ask = async (signal: AbortSignal): Promise<void> => {
    for (let pause = FIRST_MS; ; pause = Math.min(pause * 1.5, LONGEST_MS)) {
      const answer = await question(signal);
      if (answer === undefined) return;
      missing = answer;
      await sleep(pause, undefined, { signal });
    }
  };
  await withDeadline(ask, { timeoutMs: options.timeoutMs, signal: options.signal, error });
}
