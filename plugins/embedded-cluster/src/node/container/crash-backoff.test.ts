import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE_TIMINGS } from '../timings.ts';
import { CrashBackoff } from './crash-backoff.ts';

function ended(ranSeconds: number) {
  const startedAt = '2026-01-01T00:00:00Z';
  const finishedAt = new Date(Date.parse(startedAt) + ranSeconds * 1000).toISOString();
  return { exitCode: 1, startedAt, finishedAt };
}

test('the first restart is at once, then 10 s doubling to 5 min, anew after a run of 10 min', () => {
  const backoff = new CrashBackoff(NODE_TIMINGS);
  const pauses = Array.from({ length: 8 }, () => backoff.after(ended(1)) / 1000);
  assert.deepEqual(pauses, [0, 10, 20, 40, 80, 160, 300, 300]);
  assert.equal(backoff.after(ended(600)), 0);
  assert.equal(backoff.after(ended(1)), 10_000);
});
