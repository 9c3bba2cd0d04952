import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './system-clock.ts';

test('sleeps at least as long as asked', async () => {
  const start = performance.now();
  await systemClock.sleep(20);
  assert.ok(performance.now() - start >= 19, 'performance.now() - start >= 19');
  assert.ok(
    Math.abs(systemClock.now() - Date.now()) < 1000,
    'Math.abs(systemClock.now() - Date.now()) < 1000',
  );
});

test("an aborted sleep fails at once with the signal's reason", async () => {
  const stop = new AbortController();
  const reason = new Error('stopped');
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort(reason);
  await assert.rejects(sleeping, reason);
  await assert.rejects(systemClock.sleep(0, stop.signal), reason);
});

test('a sleep longer than a timer can be does not end at once', async () => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(2 ** 33, stop.signal);
  const early = await Promise.race([
    sleeping.then(() => 'ended'),
    systemClock.sleep(20).then(() => 'sleeping'),
  ]);
  assert.equal(early, 'sleeping');
  stop.abort(new Error('stopped'));
  await assert.rejects(sleeping, /stopped/);
});
