import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Pod } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';
import { TestCluster } from '../testkit/test-cluster.ts';
import { sortPods } from './outcome.ts';
import { isTracked, tallyOf, TRACKING } from './tracking.ts';

const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'work' };

const work = (spec: Partial<Job['spec']> = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'default', name: 'work' },
  spec: {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a' }] } },
    ...spec,
  },
});

async function pods(cluster: TestCluster, count: number): Promise<readonly Pod[]> {
  return await cluster.until(async () => {
    const found = await cluster.list<Pod>('Pod');
    assert.equal(found.length, count);
    return found;
  });
}

const counts = async (cluster: TestCluster): Promise<readonly unknown[]> => {
  const { succeeded = 0, failed = 0 } = (await cluster.kube.get<Job>(ref))?.status ?? {};
  return [succeeded, failed];
};

test('a pod is kept until it is counted, and deleting it afterwards changes nothing', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ completions: 2, parallelism: 2 }));
  const [first, second] = await pods(cluster, 2);
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(first.metadata.finalizers, [TRACKING]);
  await cluster.setPodStatus(first, { phase: 'Succeeded' });
  await cluster.kube.delete({ apiVersion: 'v1', kind: 'Pod', ...nameOf(first) });
  await cluster.until(async () => assert.deepEqual(await counts(cluster), [1, 0]));
  await cluster.until(async () => assert.equal((await cluster.list<Pod>('Pod')).length, 1));
  await cluster.setPodStatus(second, { phase: 'Succeeded' });
  await cluster.until(async () => {
    const job = await cluster.kube.get<Job>(ref);
    assert.equal(conditionOf(job?.status?.conditions, 'Complete')?.status, 'True');
  });
  assert.deepEqual(await counts(cluster), [2, 0]);
  assert.deepEqual((await cluster.list<Pod>('Pod')).filter(isTracked), []);
});

test('a pod that somebody deletes has failed; one that the job ends has not', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ completions: 4, parallelism: 2 }));
  const [first] = await pods(cluster, 2);
  assert.ok(first !== undefined);
  await cluster.kube.delete({ apiVersion: 'v1', kind: 'Pod', ...nameOf(first) });
  await cluster.until(async () => assert.deepEqual(await counts(cluster), [0, 1]));
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { parallelism: 0 } } });
  await pods(cluster, 0);
  assert.deepEqual(await counts(cluster), [0, 1]);
});

test('pods of a job that is gone are let go', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work());
  await pods(cluster, 1);
  await cluster.kube.delete(ref, { propagation: 'Orphan' });
  await cluster.until(async () => assert.equal((await pods(cluster, 1)).filter(isTracked).length, 0));
});

test('a count that was cut off goes on where it was', () => {
  const pod = (uid: string, finalizers: readonly string[]): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: uid, uid, finalizers: [...finalizers] },
    spec: { containers: [] },
    status: { phase: 'Succeeded' },
  });
  const job = {
    ...work(),
    status: { succeeded: 3, failed: 1, uncountedTerminatedPods: { succeeded: ['a', 'b'], failed: ['gone'] } },
  } as Job;
  const tally = tallyOf(job, sortPods([pod('a', []), pod('b', [TRACKING]), pod('c', [TRACKING])]));
  assert.deepEqual(tally.counted, { succeeded: 4, failed: 2 });
  assert.deepEqual(tally.uncounted, { succeeded: ['b', 'c'], failed: [] });
  assert.deepEqual([tally.successes, tally.failures], [6, 2]);
  assert.deepEqual(
    tally.release.map(({ metadata }) => metadata.name),
    ['b', 'c'],
  );
});

function nameOf({ metadata }: Pod): { readonly namespace: string; readonly name: string } {
  return { namespace: 'default', name: metadata.name };
}
