import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolumeClaim, Pod } from '@epinio/core';
import type { PersistentVolume } from '../pods/persistent-volume.ts';
import { TestCluster } from '../testkit/test-cluster.ts';

test('a claim waits for its first consumer, is bound to a volume of its own, and stays while it is used', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const claim = await cluster.kube.create<PersistentVolumeClaim>({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'default', name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  assert.equal(claim.spec?.storageClassName, 'local');
  const get = () => cluster.get<PersistentVolumeClaim>('PersistentVolumeClaim', 'data');
  await cluster.until(async () => {
    const events = await cluster.list('Event');
    assert.equal(
      events.some((event) => event['reason'] === 'WaitForFirstConsumer'),
      true,
    );
  });
  assert.equal((await get())?.status?.phase, 'Pending');

  const podRef = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'user' };
  await cluster.kube.create<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'user' },
    spec: {
      volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }],
      containers: [{ name: 'main', image: 'a' }],
    },
  });
  const bound = await cluster.until(async () => {
    const current = await get();
    assert.equal(current?.status?.phase, 'Bound');
    return current;
  });
  assert.deepEqual(bound.status?.capacity, { storage: '1Gi' });
  const volumeName = bound.spec?.volumeName ?? '';
  const volume = () => cluster.get<PersistentVolume>('PersistentVolume', volumeName, '');
  assert.equal((await volume())?.status?.phase, 'Bound');
  assert.equal((await volume())?.spec.claimRef?.name, 'data');

  await cluster.kube.delete({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: 'default',
    name: 'data',
  });
  await cluster.until(async () => assert.notEqual((await get())?.metadata.deletionTimestamp, undefined));
  await cluster.kube.delete(podRef, { gracePeriodSeconds: 0 });
  await cluster.until(async () => assert.equal(await get(), undefined));
  // The node removes the data of what is released, then the volume.
  await cluster.until(async () => assert.equal((await volume())?.status?.phase, 'Released'));
});
