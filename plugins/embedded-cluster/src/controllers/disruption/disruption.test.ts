import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, KubeObject, Pod } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { TestCluster } from '../testkit/test-cluster.ts';
import { reckon } from './budget.ts';
import type { PodDisruptionBudget } from './disruption-budget-kind.ts';

const labels = { app: 'web' };
const containers = [{ name: 'main', image: 'web' }];

function budget(spec: Partial<PodDisruptionBudget['spec']>): PodDisruptionBudget {
  return {
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, ...spec },
  };
}

function deployment(replicas: number): Deployment {
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' } },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}

async function untilStatus(cluster: TestCluster, wanted: object): Promise<PodDisruptionBudget> {
  return await eventually(async () => {
    const found = await cluster.kube.get<PodDisruptionBudget>({
      ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace: 'default', name: 'web' },
    });
    assert.ok(found?.status !== undefined);
    const { conditions = [], ...status } = found.status;
    const [condition] = conditions;
    assert.deepEqual({ ...status, reason: condition?.reason }, wanted);
    return found;
  }, 10_000);
}

test('a share is of what controllers are to have, and follows them', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create<KubeObject>(budget({ maxUnavailable: '34%' }));
  const none = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptionsAllowed: 0 };
  await untilStatus(cluster, { ...none, observedGeneration: 1, reason: 'InsufficientPods' });
  await cluster.kube.create<KubeObject>(deployment(4));
  const four = { currentHealthy: 4, desiredHealthy: 2, expectedPods: 4, disruptionsAllowed: 2 };
  await untilStatus(cluster, { ...four, observedGeneration: 1, reason: 'SufficientPods' });
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' };
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { replicas: 1 } } });
  const one = { currentHealthy: 1, desiredHealthy: 0, expectedPods: 1, disruptionsAllowed: 1 };
  await untilStatus(cluster, { ...one, observedGeneration: 1, reason: 'SufficientPods' });
});

test('a share of pods whose controller does not say how many it has is none', async () => {
  await using cluster = await TestCluster.start();
  const job = {
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'web', namespace: 'default' } },
    spec: {
      suspend: false,
      template: { metadata: { labels }, spec: { restartPolicy: 'Never', containers } },
    },
  };
  await cluster.kube.create<KubeObject>(job);
  await cluster.kube.create<KubeObject>(budget({ maxUnavailable: 1 }));
  const found = await eventually(async () => {
    const seen = await cluster.kube.get<PodDisruptionBudget>({
      ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace: 'default', name: 'web' },
    });
    assert.equal(seen?.status?.conditions?.[0]?.reason, 'SyncFailed');
    return seen;
  }, 10_000);
  assert.equal(found.status?.disruptionsAllowed, 0);
  assert.equal(found.status.conditions?.[0]?.message, 'jobs.batch does not implement the scale subresource');
});

test('pods that are on their way out do not count, and those that stayed after all do again', () => {
  const pod = (name: string, more: object = {}): Pod => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...more }, spec: { containers } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const now = Date.parse('2030-01-01T00:10:00Z');
  const disruptedPods = {
    going: '2030-01-01T00:09:00Z',
    stayed: '2030-01-01T00:07:00Z',
    gone: '2030-01-01T00:09:00Z',
  };
  const pods = [
    pod('a'),
    pod('going'),
    pod('stayed'),
    pod('ended', { deletionTimestamp: '2030-01-01T00:09:00Z' }),
  ];
  assert.deepEqual(reckon({ ...budget({ minAvailable: 1 }), status: { disruptedPods } }, pods, 0, now), {
    ...{ currentHealthy: 2, desiredHealthy: 1, expectedPods: 4, disruptionsAllowed: 1 },
    disruptedPods: { going: '2030-01-01T00:09:00Z' },
  });
});
