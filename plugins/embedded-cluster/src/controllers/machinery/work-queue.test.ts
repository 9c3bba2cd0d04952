import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, FakeLog } from '@epinio/core/testkit';
import { WorkQueue } from './work-queue.ts';

function open(sync: (key: string) => Promise<void>, concurrency = 2) {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue({ name: 'test', sync, concurrency, clock, log: new FakeLog() }) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a key is worked on by one at a time, and once more when it was added meanwhile', async () => {
  let running = 0;
  const runs: string[] = [];
  const releases: (() => void)[] = [];
  const { queue } = open(async (key) => {
    assert.equal(running++, 0);
    runs.push(key);
    await new Promise<void>((resolve) => releases.push(resolve));
    running--;
  });
  queue.add('a');
  queue.add('a');
  queue.add('a');
  await turn();
  assert.deepEqual(runs, ['a']);
  releases.shift()?.();
  await turn();
  assert.deepEqual(runs, ['a', 'a']);
  releases.shift()?.();
  await turn();
  assert.deepEqual(runs, ['a', 'a']);
  await queue.stop();
});

test('keys are worked on side by side, as many as allowed', async () => {
  const started: string[] = [];
  const releases: (() => void)[] = [];
  const { queue } = open(async (key) => {
    started.push(key);
    await new Promise<void>((resolve) => releases.push(resolve));
  });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await turn();
  assert.deepEqual(started, ['a', 'b']);
  releases.shift()?.();
  await turn();
  assert.deepEqual(started, ['a', 'b', 'c']);
  for (const release of releases) release();
  await queue.stop();
});

test('a failure comes back after growing pauses until it succeeds', async () => {
  const at: number[] = [];
  const { clock, queue } = open(async () => {
    at.push(clock.now());
    if (at.length < 4) throw new Error('not yet');
  });
  const begin = clock.now();
  queue.add('a');
  await clock.advance(1000);
  assert.deepEqual(
    at.map((time) => time - begin),
    [0, 10, 30, 70],
  );
  await queue.stop();
});

test('a key that is added for later comes at the earliest time that was asked for', async () => {
  const at: number[] = [];
  const { clock, queue } = open(async () => void at.push(clock.now()));
  const begin = clock.now();
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 300);
  await clock.advance(1000);
  assert.deepEqual(
    at.map((time) => time - begin),
    [100],
  );
  await queue.stop();
  queue.add('a');
  await clock.advance(1000);
  assert.equal(at.length, 1, 'a stopped queue does nothing');
});
