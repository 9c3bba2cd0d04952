import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@epinio/core';
import { TestCluster } from '../testkit/test-cluster.ts';
import type { DaemonSet } from './daemon-set-kind.ts';

const ref = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'default', name: 'log' };
const node = { apiVersion: 'v1', kind: 'Node', name: 'epinio' };

function log(spec: Partial<DaemonSet['spec']> = {}): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'default', name: 'log' },
    spec: { selector: { matchLabels: { app: 'log' } }, template: template('a'), ...spec },
  };
}

function template(image: string, more: object = {}): DaemonSet['spec']['template'] {
  return { metadata: { labels: { app: 'log' } }, spec: { containers: [{ name: 'main', image }], ...more } };
}

async function status(cluster: TestCluster, wanted: DaemonSet['status']): Promise<void> {
  await cluster.until(async () => {
    const set = await cluster.kube.get<DaemonSet>(ref);
    for (const [name, value] of Object.entries(wanted ?? {}))
      assert.equal((set?.status as Record<string, unknown>)[name] ?? 0, value, JSON.stringify(set?.status));
  });
}

async function images(cluster: TestCluster): Promise<readonly (string | undefined)[]> {
  return (await cluster.list<Pod>('Pod')).map(({ spec }) => spec.containers[0]?.image);
}

async function patch(cluster: TestCluster, spec: object): Promise<void> {
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec } });
}

test('a daemon runs on the node, even a cordoned one, and is replaced with its template', async () => {
  await using cluster = await TestCluster.start();
  await cluster.until(async () => assert.notEqual(await cluster.kube.get(node), undefined));
  await cluster.kube.patch(node, { type: 'merge', patch: { spec: { unschedulable: true } } });
  await cluster.kube.create(log());
  await status(cluster, { desiredNumberScheduled: 1, numberAvailable: 1, updatedNumberScheduled: 1 });
  await patch(cluster, { template: template('b') });
  await cluster.until(async () => assert.deepEqual(await images(cluster), ['b']));
  await status(cluster, { numberAvailable: 1, updatedNumberScheduled: 1, observedGeneration: 2 });
  const [pod] = await cluster.list<Pod>('Pod');
  await cluster.kube.delete(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: pod?.metadata.name ?? '' },
    { gracePeriodSeconds: 0 },
  );
  await status(cluster, { numberAvailable: 1 });
});

test('a daemon goes where its labels and taints let it, and nowhere else', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(log({ template: template('a', { nodeSelector: { disk: 'ssd' } }) }));
  await status(cluster, { desiredNumberScheduled: 0, observedGeneration: 1 });
  assert.deepEqual(await images(cluster), []);
  await cluster.kube.patch(node, { type: 'merge', patch: { metadata: { labels: { disk: 'ssd' } } } });
  await status(cluster, { desiredNumberScheduled: 1, numberReady: 1 });
  const taints = [{ key: 'gpu', effect: 'NoSchedule' }];
  await cluster.kube.patch(node, { type: 'merge', patch: { spec: { taints } } });
  await status(cluster, { desiredNumberScheduled: 0, numberMisscheduled: 1 });
  assert.equal((await images(cluster)).length, 1, 'one that is there stays');
  const harsh = [{ key: 'gpu', effect: 'NoExecute' }];
  await cluster.kube.patch(node, { type: 'merge', patch: { spec: { taints: harsh } } });
  await cluster.until(async () => assert.deepEqual(await images(cluster), []));
  const tolerations = [{ key: 'gpu', operator: 'Exists' }];
  await patch(cluster, { template: template('a', { nodeSelector: { disk: 'ssd' }, tolerations }) });
  await status(cluster, { desiredNumberScheduled: 1, numberReady: 1 });
});

test('with maxSurge the old daemon goes when the new one is ready', async () => {
  await using cluster = await TestCluster.start();
  const updateStrategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await cluster.kube.create(log({ updateStrategy, minReadySeconds: 1 }));
  await status(cluster, { numberAvailable: 1 });
  await patch(cluster, { template: template('b') });
  await cluster.until(async () => assert.deepEqual([...(await images(cluster))].sort(), ['a', 'b']));
  await cluster.until(async () => assert.deepEqual(await images(cluster), ['b']));
  await status(cluster, { numberAvailable: 1, updatedNumberScheduled: 1 });
});

test('with OnDelete a daemon is replaced when somebody deletes it', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(log({ updateStrategy: { type: 'OnDelete' } }));
  await status(cluster, { numberAvailable: 1 });
  await patch(cluster, { template: template('b') });
  await status(cluster, { observedGeneration: 2, updatedNumberScheduled: 0 });
  const [pod] = await cluster.list<Pod>('Pod');
  assert.equal(pod?.spec.containers[0]?.image, 'a');
  await cluster.kube.delete({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'default',
    name: pod.metadata.name,
  });
  await cluster.until(async () => assert.deepEqual(await images(cluster), ['b']));
});
