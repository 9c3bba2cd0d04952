import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withDeadline } from './deadline.ts';
import { EpinioError } from './errors.ts';

const error = (): EpinioError => new EpinioError('TEST_TIMEOUT', 'Nobody came');
const never = (): Promise<never> => new Promise(() => undefined);

describe('withDeadline', () => {
  it('answers what the work answers', async () => {
    assert.equal(await withDeadline(() => 5, { timeoutMs: 1000, error }), 5);
  });

  it('passes on a failure, also one that is thrown at once', async () => {
    const fail = (): never => {
      throw new RangeError('broken');
    };
    await assert.rejects(withDeadline(fail, { timeoutMs: 1000, error }), RangeError);
  });

  it('fails with the given error when the time is up, and tells the work', async () => {
    let told: unknown;
    const work = (signal: AbortSignal): Promise<never> => {
      signal.addEventListener('abort', () => {
        told = signal.reason;
      });
      return never();
    };
    await assert.rejects(withDeadline(work, { timeoutMs: 5, error }), { code: 'TEST_TIMEOUT' });
    assert.equal((told as EpinioError).code, 'TEST_TIMEOUT');
  });

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const waiting = withDeadline(never, { timeoutMs: 60_000, signal: controller.signal, error });
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
  });

  it('does not begin when the signal is aborted already', async () => {
    let begun = false;
    const work = (): void => void (begun = true);
    await assert.rejects(withDeadline(work, { timeoutMs: 1000, signal: AbortSignal.abort(), error }));
    assert.equal(begun, false);
  });
});
