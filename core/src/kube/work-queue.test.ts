import assert from 'node:assert/strict';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { startWorkQueue } from './work-queue.ts';

const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    sleep(ms, undefined, signal && { signal }).catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : error;
    }),
};

function open(reconcile: (key: string) => Promise<number | undefined>, concurrency = 1) {
  const stop = new AbortController();
  const warnings: string[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: () => undefined,
    child: () => log,
  };
  const queue = startWorkQueue({ name: 'tests', reconcile, log, clock, signal: stop.signal, concurrency });
  return {
    queue,
    warnings,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the test is over'));
      await queue.done;
    },
  };
}

describe('startWorkQueue', () => {
  it('works on a key once at a time, and once more for all that came meanwhile', async () => {
    const events = new EventEmitter();
    let running = 0;
    let count = 0;
    await using opened = open(async () => {
      assert.equal(++running, 1);
      count += 1;
      events.emit('began');
      await once(events, 'go');
      running -= 1;
      return undefined;
    }, 4);
    opened.queue.add('a');
    await once(events, 'began');
    opened.queue.add('a');
    opened.queue.add('a');
    const again = once(events, 'began');
    events.emit('go');
    await again;
    events.emit('go');
    assert.equal(count, 2);
  });

  it('tries a key again that failed, and says so', async () => {
    const done = new EventEmitter();
    let attempts = 0;
    await using opened = open(async () => {
      if (++attempts < 2) throw new Error('not yet');
      done.emit('done');
      return undefined;
    });
    opened.queue.add('a');
    await once(done, 'done');
    assert.equal(attempts, 2);
    assert.equal(opened.warnings.length, 1);
  });

  it('looks again after the time that was asked for', async () => {
    const done = new EventEmitter();
    let attempts = 0;
    await using opened = open(async () => {
      if (++attempts === 1) return 5;
      done.emit('done');
      return undefined;
    });
    opened.queue.add('a');
    await once(done, 'done');
  });

  it('takes a key that is added while another is being begun', async () => {
    const done = new EventEmitter();
    await using opened = open(async (key): Promise<undefined> => {
      if (key === 'a') opened.queue.add('b');
      else done.emit('done');
    });
    opened.queue.add('a');
    await once(done, 'done');
  });

  it('waits for the work under way when it is stopped', async () => {
    const events = new EventEmitter();
    let ended = false;
    {
      await using opened = open(async () => {
        events.emit('began');
        await sleep(10);
        ended = true;
        return undefined;
      });
      const began = once(events, 'began');
      opened.queue.add('a');
      await began;
    }
    assert.ok(ended, 'ended');
  });
});
