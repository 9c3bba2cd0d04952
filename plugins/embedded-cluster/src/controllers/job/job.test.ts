import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Pod } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';
import { TestCluster } from '../testkit/test-cluster.ts';

const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'work' };

function work(spec: Partial<Job['spec']> = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name: 'work' },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a' }] } },
      ...spec,
    },
  };
}

/** The pods that have not ended yet, once there are so many. */
async function running(cluster: TestCluster, count: number): Promise<readonly Pod[]> {
  return await cluster.until(async () => {
    const pods = (await cluster.list<Pod>('Pod')).filter(({ status }) => status?.phase === 'Pending');
    assert.equal(pods.length, count);
    return pods;
  });
}

async function end(cluster: TestCluster, pod: Pod, exitCode: number, ago = 3_600_000): Promise<void> {
  const finishedAt = new Date(Date.now() - ago).toISOString();
  const state = { terminated: { exitCode, finishedAt } };
  await cluster.setPodStatus(pod, {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [{ name: 'main', ready: false, restartCount: 0, state }],
  });
}

async function condition(cluster: TestCluster, type: string): Promise<Job> {
  return await cluster.until(async () => {
    const job = await cluster.kube.get<Job>(ref);
    assert.equal(conditionOf(job?.status?.conditions, type)?.status, 'True', JSON.stringify(job?.status));
    return job as Job;
  });
}

test('a job runs as many pods as it wants to succeed, some at a time', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ completions: 3, parallelism: 2 }));
  for (const pod of await running(cluster, 2)) await end(cluster, pod, 0);
  for (const pod of await running(cluster, 1)) await end(cluster, pod, 0);
  const { status } = await condition(cluster, 'Complete');
  assert.deepEqual([status?.succeeded, status?.active ?? 0, status?.failed ?? 0], [3, 0, 0]);
  assert.ok(
    status?.startTime !== undefined && status.completionTime !== undefined,
    'status?.startTime !== undefined && status.completionTime !== undefined',
  );
  assert.equal((await cluster.list('Pod')).length, 3);
});

test('a job that fails too often is over, with the reason', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ backoffLimit: 1 }));
  for (const pod of await running(cluster, 1)) await end(cluster, pod, 2);
  for (const pod of await running(cluster, 1)) await end(cluster, pod, 2);
  const { status } = await condition(cluster, 'Failed');
  assert.equal(conditionOf(status?.conditions, 'Failed')?.reason, 'BackoffLimitExceeded');
  assert.deepEqual([status?.failed, status?.active ?? 0], [2, 0]);
});

test('a pod that failed is followed after a pause', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work());
  const [pod] = await running(cluster, 1);
  const endedAt = Date.now() - 9000;
  await end(cluster, pod as Pod, 1, 9000);
  const [next] = await running(cluster, 1);
  assert.ok(
    Date.parse(next?.metadata.creationTimestamp ?? '') >= endedAt + 9000,
    'after ten seconds, to the second',
  );
  assert.equal((await cluster.kube.get<Job>(ref))?.status?.failed, 1);
});

test('a job that takes too long is ended', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ activeDeadlineSeconds: 1 }));
  await running(cluster, 1);
  const { status } = await condition(cluster, 'Failed');
  assert.equal(conditionOf(status?.conditions, 'Failed')?.reason, 'DeadlineExceeded');
  await cluster.until(async () => assert.equal((await cluster.list('Pod')).length, 0));
});

test('a suspended job runs nothing until it is resumed', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ suspend: true }));
  await condition(cluster, 'Suspended');
  assert.equal((await cluster.list('Pod')).length, 0);
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { suspend: false } } });
  await running(cluster, 1);
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { suspend: true } } });
  await cluster.until(async () => assert.equal((await cluster.list('Pod')).length, 0));
});

test('exit codes can end a job at once, or not count', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const rules = [
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    { action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } },
  ];
  await cluster.kube.create(work({ backoffLimit: 0, podFailurePolicy: { rules } } as Partial<Job['spec']>));
  for (const pod of await running(cluster, 1)) await end(cluster, pod, 7);
  for (const pod of await running(cluster, 1)) await end(cluster, pod, 42);
  const { status } = await condition(cluster, 'Failed');
  assert.equal(conditionOf(status?.conditions, 'Failed')?.reason, 'PodFailurePolicy');
});

test('a job with a time to live goes after its end, with its pods', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(work({ ttlSecondsAfterFinished: 1 }));
  await condition(cluster, 'Complete');
  await cluster.until(async () => assert.equal(await cluster.kube.get(ref), undefined));
  await cluster.until(async () => assert.deepEqual(await cluster.list('Pod'), []));
});
