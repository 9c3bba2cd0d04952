import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, ReplicaSet } from '@epinio/core';
import { availableOf, boundsOf, newSetSize, oldSetSizes, proportionalSizes, sizeOf, sum } from './sizes.ts';

const template = { spec: { containers: [] } };

function deployment(replicas: number, rollingUpdate: object = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas, selector: {}, template, strategy: { type: 'RollingUpdate', rollingUpdate } },
  };
}

let age = 0;
function set(name: string, replicas: number, available = replicas): ReplicaSet {
  const creationTimestamp = new Date(++age * 1000).toISOString();
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, creationTimestamp },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  };
}

test('shares are rounded for the better, and leave a way to go on', () => {
  assert.deepEqual(boundsOf(deployment(1)), { maxSurge: 1, maxUnavailable: 0 });
  assert.deepEqual(boundsOf(deployment(10)), { maxSurge: 3, maxUnavailable: 2 });
  assert.deepEqual(boundsOf(deployment(3, { maxSurge: 0, maxUnavailable: '10%' })), {
    maxSurge: 0,
    maxUnavailable: 1,
  });
});

test('a rolling update never goes below the available, nor above the surge, and comes to its end', () => {
  for (const [replicas, rolling] of [
    [1, {}],
    [3, {}],
    [10, {}],
    [10, { maxSurge: 0, maxUnavailable: 1 }],
    [4, { maxSurge: '100%', maxUnavailable: 0 }],
    [5, { maxSurge: 2, maxUnavailable: '40%' }],
  ] as const) {
    const target = deployment(replicas, rolling);
    const { maxSurge, maxUnavailable } = boundsOf(target);
    let sets = { old: set('old', replicas), new: set('new', 0) };
    let steps = 0;
    while (sizeOf(sets.old) > 0 || sizeOf(sets.new) < replicas) {
      assert.ok(++steps < 100, 'it goes on');
      const size = newSetSize(target, [sets.new, sets.old], sizeOf(sets.new));
      const sizes =
        size === sizeOf(sets.new) ? oldSetSizes(target, sets.new, [sets.old]) : new Map<ReplicaSet, number>();
      const old = sizes.get(sets.old) ?? sizeOf(sets.old);
      assert.ok(size + old <= replicas + maxSurge, 'size + old <= replicas + maxSurge');
      // Pods that were asked to go are gone at once; of the new ones, one more is available in each step.
      const available = Math.min(size, availableOf(sets.new) + 1);
      assert.ok(
        availableOf(sets.new) + Math.min(old, availableOf(sets.old)) >= replicas - maxUnavailable,
        'availableOf(sets.new) + Math.min(old, availableOf(sets.old)) >= replicas - maxUnavailable',
      );
      sets = { old: { ...set('old', old), metadata: sets.old.metadata }, new: set('new', size, available) };
    }
  }
});

test('pods that do not work go first, and make room', () => {
  const old = set('old', 2, 0);
  const broken = set('broken', 1, 0);
  const sizes = oldSetSizes(deployment(2), set('new', 0, 0), [old, broken]);
  assert.deepEqual([sizes.get(old), sizes.get(broken)], [1, undefined]);
});

test('a size that a status is still behind of does not count as available', () => {
  const old = { ...set('old', 1), status: { replicas: 3, availableReplicas: 3 } };
  assert.equal(
    oldSetSizes(deployment(3, { maxSurge: 1, maxUnavailable: 0 }), set('new', 3, 2), [old]).size,
    0,
  );
});

test('scaling in the middle of a rollout is shared in proportion, to the last pod', () => {
  const sets = [set('old', 6), set('new', 4)];
  for (const replicas of [0, 1, 5, 7, 10, 20, 33]) {
    const target = deployment(replicas);
    const sizes = proportionalSizes(target, sets);
    const expected = replicas === 0 ? 0 : replicas + boundsOf(target).maxSurge;
    assert.equal(
      sum([...sizes.values()], (size) => size),
      expected,
      `${replicas}`,
    );
    assert.ok(
      [...sizes.values()].every((size) => size >= 0),
      '[...sizes.values()].every((size) => size >= 0)',
    );
  }
});
