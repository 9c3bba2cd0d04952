import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, PersistentVolumeClaim, Pod } from '@epinio/core';
import { stringAt } from '../../json.ts';
import { readyStatus, TestCluster } from '../testkit/test-cluster.ts';
import type { StatefulSet } from './stateful-set-kind.ts';

const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'default', name: 'db' };

function db(spec: Partial<StatefulSet['spec']> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { namespace: 'default', name: 'db' },
    spec: {
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: template('a'),
      ...spec,
    },
  };
}

function template(image: string): StatefulSet['spec']['template'] {
  return { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image }] } };
}

const CLAIM: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

async function names(cluster: TestCluster): Promise<readonly string[]> {
  return (await cluster.list<Pod>('Pod')).map(({ metadata }) => metadata.name).sort();
}

async function untilNames(cluster: TestCluster, ...wanted: readonly string[]): Promise<void> {
  await cluster.until(async () => assert.deepEqual(await names(cluster), wanted));
}

async function makeReady(cluster: TestCluster, name: string): Promise<void> {
  await cluster.setPodStatus((await cluster.get<Pod>('Pod', name)) as Pod, readyStatus(true));
}

async function patch(cluster: TestCluster, spec: object): Promise<void> {
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec } });
}

async function end(cluster: TestCluster, name: string): Promise<void> {
  await cluster.kube.delete(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name },
    { gracePeriodSeconds: 0 },
  );
}

test('pods come one after the other, each with its name and its claim, and go in reverse', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(db({ replicas: 3, volumeClaimTemplates: [CLAIM], ordinals: { start: 5 } }));
  await untilNames(cluster, 'db-5');
  const pod = await cluster.get<Pod>('Pod', 'db-5');
  assert.equal(pod?.spec.hostname, 'db-5');
  assert.equal(stringAt(pod, 'spec', 'subdomain'), 'db');
  assert.equal(pod.metadata.labels?.['apps.kubernetes.io/pod-index'], '5');
  assert.equal(pod.spec.volumes?.[0]?.persistentVolumeClaim?.claimName, 'data-db-5');
  await makeReady(cluster, 'db-5');
  await untilNames(cluster, 'db-5', 'db-6');
  await makeReady(cluster, 'db-6');
  await untilNames(cluster, 'db-5', 'db-6', 'db-7');
  await makeReady(cluster, 'db-7');
  await cluster.until(async () =>
    assert.equal((await cluster.kube.get<StatefulSet>(ref))?.status?.availableReplicas, 3),
  );
  await patch(cluster, { replicas: 1 });
  await untilNames(cluster, 'db-5', 'db-6');
  await untilNames(cluster, 'db-5');
  const claims = (await cluster.list('PersistentVolumeClaim')).map(({ metadata }) => metadata.name);
  assert.deepEqual(claims.sort(), ['data-db-5', 'data-db-6', 'data-db-7'], 'claims stay');
});

test('an update replaces the highest number first, and stops at the partition', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(db({ replicas: 3, updateStrategy: { rollingUpdate: { partition: 1 } } }));
  const done = async (wanted: number): Promise<StatefulSet> =>
    await cluster.until(async () => {
      const set = await cluster.kube.get<StatefulSet>(ref);
      assert.equal(set?.status?.updatedReplicas, wanted, JSON.stringify(set?.status));
      assert.equal(set.status.availableReplicas, 3);
      return set;
    });
  const first = await done(3);
  assert.equal(first.status?.currentRevision, first.status?.updateRevision);
  await patch(cluster, { template: template('b') });
  const second = await done(2);
  assert.notEqual(second.status?.currentRevision, second.status?.updateRevision);
  const images = async (): Promise<readonly (string | undefined)[]> =>
    [...(await cluster.list<Pod>('Pod'))]
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .map(({ spec }) => spec.containers[0]?.image);
  assert.deepEqual(await images(), ['a', 'b', 'b']);
  // A pod below the partition comes back as it was.
  await end(cluster, 'db-0');
  await cluster.until(async () => assert.deepEqual(await images(), ['a', 'b', 'b']));
  await patch(cluster, { updateStrategy: { rollingUpdate: { partition: 0 } } });
  const third = await done(3);
  assert.equal(third.status?.currentRevision, third.status?.updateRevision);
  assert.deepEqual(await images(), ['b', 'b', 'b']);
  // Back to what it was: the first revision again, as the newest.
  await patch(cluster, { template: template('a') });
  await cluster.until(async () => assert.deepEqual(await images(), ['a', 'a', 'a']));
  const revisions = await cluster.list<KubeObject & { readonly revision: number }>('ControllerRevision');
  assert.deepEqual(revisions.map(({ revision }) => revision).sort(), [2, 3]);
});

test('with OnDelete pods are replaced when somebody deletes them', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(db({ replicas: 2, updateStrategy: { type: 'OnDelete' } }));
  await cluster.until(async () =>
    assert.equal((await cluster.kube.get<StatefulSet>(ref))?.status?.readyReplicas, 2),
  );
  await patch(cluster, { template: template('b') });
  await cluster.until(async () =>
    assert.equal((await cluster.kube.get<StatefulSet>(ref))?.status?.observedGeneration, 2),
  );
  await end(cluster, 'db-0');
  await cluster.until(async () => {
    assert.equal((await cluster.get<Pod>('Pod', 'db-0'))?.spec.containers[0]?.image, 'b');
    assert.equal((await cluster.get<Pod>('Pod', 'db-1'))?.spec.containers[0]?.image, 'a');
  });
});

test('with Parallel all pods come at once', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(db({ replicas: 3, podManagementPolicy: 'Parallel' }));
  await untilNames(cluster, 'db-0', 'db-1', 'db-2');
  await patch(cluster, { replicas: 0 });
  await untilNames(cluster);
});

test('minReadySeconds holds back the next pod', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(db({ replicas: 2, minReadySeconds: 1 }));
  await untilNames(cluster, 'db-0');
  await makeReady(cluster, 'db-0');
  await untilNames(cluster, 'db-0', 'db-1');
  const first = await cluster.get<Pod>('Pod', 'db-0');
  const second = await cluster.get<Pod>('Pod', 'db-1');
  const ready = Date.parse(first?.status?.conditions?.[0]?.lastTransitionTime ?? '');
  assert.ok(
    Date.parse(second?.metadata.creationTimestamp ?? '') >= ready + 1000,
    'not before it is available',
  );
});

test('claims go with pods that are too many, and with the set, where it says so', async () => {
  await using cluster = await TestCluster.start();
  const retention = { whenScaled: 'Delete', whenDeleted: 'Delete' } as const;
  await cluster.kube.create(
    db({
      replicas: 2,
      volumeClaimTemplates: [CLAIM],
      persistentVolumeClaimRetentionPolicy: retention,
    }),
  );
  await cluster.until(async () =>
    assert.equal((await cluster.kube.get<StatefulSet>(ref))?.status?.readyReplicas, 2),
  );
  const claims = async (): Promise<readonly string[]> =>
    (await cluster.list('PersistentVolumeClaim')).map(({ metadata }) => metadata.name).sort();
  await patch(cluster, { replicas: 1 });
  await cluster.until(async () => assert.deepEqual(await claims(), ['data-db-0']));
  await cluster.kube.delete(ref);
  await cluster.until(async () => assert.deepEqual(await claims(), []));
});
