import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Pod } from '@epinio/core';
import { stringAt } from '../../json.ts';
import { conditionOf } from '../machinery/conditions.ts';
import { TestCluster } from '../testkit/test-cluster.ts';
import { indexOf } from './indexes.ts';

const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'work' };

function work(spec: object): Job {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a' }] } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name: 'work' },
    spec: { completionMode: 'Indexed', template, ...spec } as Job['spec'],
  };
}

/** The indexes of pods that have not ended, once they are these. */
async function running(cluster: TestCluster, ...indexes: readonly number[]): Promise<readonly Pod[]> {
  return await cluster.until(async () => {
    const pods = (await cluster.list<Pod>('Pod')).filter(({ status }) => status?.phase === 'Pending');
    assert.deepEqual(pods.map((pod) => indexOf(pod) ?? -1).sort(), indexes);
    return [...pods].sort((a, b) => (indexOf(a) ?? 0) - (indexOf(b) ?? 0));
  });
}

async function end(cluster: TestCluster, pod: Pod | undefined, exitCode: number): Promise<void> {
  assert.ok(pod !== undefined);
  const finishedAt = new Date(Date.now() - 3_600_000).toISOString();
  await cluster.setPodStatus(pod, {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [
      { name: 'main', ready: false, restartCount: 0, state: { terminated: { exitCode, finishedAt } } },
    ],
  });
}

async function ended(cluster: TestCluster, type: 'Complete' | 'Failed', reason: string): Promise<Job> {
  return await cluster.until(async () => {
    const job = await cluster.kube.get<Job>(ref);
    assert.equal(conditionOf(job?.status?.conditions, type)?.reason, reason, JSON.stringify(job?.status));
    return job as Job;
  });
}

test('every index gets a pod that knows its number, and is done once', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ completions: 3, parallelism: 2 }));
  const [first, second] = await running(cluster, 0, 1);
  assert.match(first?.metadata.name ?? '', /^work-0-[a-z0-9]{5}$/);
  assert.equal(first?.spec.hostname, 'work-0');
  assert.equal(first.metadata.labels?.['batch.kubernetes.io/job-completion-index'], '0');
  const [variable] = first.spec.containers[0]?.env ?? [];
  assert.equal(variable?.name, 'JOB_COMPLETION_INDEX');
  await end(cluster, second, 0);
  await running(cluster, 0, 2);
  // What was done stays done, though its pod is gone.
  await cluster.kube.delete(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: second?.metadata.name ?? '' },
    { gracePeriodSeconds: 0 },
  );
  for (const pod of await running(cluster, 0, 2)) await end(cluster, pod, 0);
  const job = await ended(cluster, 'Complete', 'CompletionsReached');
  assert.equal(stringAt(job, 'status', 'completedIndexes'), '0-2');
  assert.equal(job.status?.succeeded, 3);
});

test('an index that fails too often is given up, and the others go on', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(work({ completions: 2, parallelism: 2, backoffLimitPerIndex: 1 }));
  const [first, second] = await running(cluster, 0, 1);
  await end(cluster, first, 1);
  const [again] = await running(cluster, 0, 1);
  assert.equal(again?.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'], '1');
  await end(cluster, again, 1);
  await running(cluster, 1);
  await end(cluster, second, 0);
  const job = await ended(cluster, 'Failed', 'FailedIndexes');
  assert.equal(stringAt(job, 'status', 'failedIndexes'), '0');
  assert.equal(stringAt(job, 'status', 'completedIndexes'), '1');
});

test('more failed indexes than allowed end the job', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(
    work({ completions: 3, parallelism: 3, backoffLimitPerIndex: 0, maxFailedIndexes: 0 }),
  );
  const [first] = await running(cluster, 0, 1, 2);
  await end(cluster, first, 1);
  await ended(cluster, 'Failed', 'MaxFailedIndexesExceeded');
});

test('a success policy ends the job before all indexes are done', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const successPolicy = { rules: [{ succeededIndexes: '1-2', succeededCount: 1 }] };
  await cluster.kube.create(work({ completions: 3, parallelism: 3, successPolicy }));
  const [, second] = await running(cluster, 0, 1, 2);
  await end(cluster, second, 0);
  const job = await ended(cluster, 'Complete', 'SuccessPolicy');
  assert.equal(stringAt(job, 'status', 'completedIndexes'), '1');
  await running(cluster);
});
