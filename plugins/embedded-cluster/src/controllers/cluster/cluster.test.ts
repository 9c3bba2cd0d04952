import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  ConfigMap,
  CustomResourceDefinition,
  KubeObject,
  Namespace,
  OwnerReference,
  Pod,
} from '@epinio/core';
import { TestCluster } from '../testkit/test-cluster.ts';

const pod = (name: string, spec: Partial<Pod['spec']> = {}, namespace = 'default'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [{ name: 'main', image: 'a' }], ...spec },
});

const map = (name: string, owners: readonly OwnerReference[] = [], namespace = 'default'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ownerReferences: owners },
});

const ownedBy = ({ apiVersion, kind, metadata }: KubeObject, block = false): OwnerReference => ({
  ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', blockOwnerDeletion: block },
});

const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });

test('a pod is bound to the node unless its selector does not fit', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create(pod('fits', { nodeSelector: { 'kubernetes.io/os': process.platform } }));
  await cluster.kube.create(pod('never', { nodeSelector: { disk: 'fast' } }));
  await cluster.until(async () =>
    assert.equal((await cluster.get<Pod>('Pod', 'fits'))?.status?.phase, 'Running'),
  );
  await cluster.until(async () => {
    const [condition] = (await cluster.get<Pod>('Pod', 'never'))?.status?.conditions ?? [];
    assert.equal(condition?.reason, 'Unschedulable');
    assert.match(condition.message ?? '', /^0\/1 nodes are available: 1 node\(s\) didn't match/);
  });
});

test('a namespace gets its service account, and is emptied before it goes', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  await cluster.until(async () =>
    assert.notEqual(await cluster.get('ServiceAccount', 'default', 'team'), undefined),
  );
  await cluster.kube.create(pod('p', {}, 'team'));
  await cluster.kube.create(map('m', [], 'team'));
  await cluster.kube.create({
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name: 'held', namespace: 'team', finalizers: ['example.com/hold'] },
  });
  await cluster.until(async () =>
    assert.equal((await cluster.get<Pod>('Pod', 'p', 'team'))?.status?.phase, 'Running'),
  );
  await cluster.kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
  await cluster.until(async () => {
    const namespace = await cluster.get<Namespace>('Namespace', 'team', '');
    const [condition] = namespace?.status?.conditions ?? [];
    assert.equal(condition?.message, 'Some resources are remaining: ConfigMap has 1 resource instances');
  });
  const held = { ...mapRef('held'), namespace: 'team' };
  await cluster.kube.patch(held, { type: 'merge', patch: { metadata: { finalizers: null } } });
  await cluster.until(async () => assert.equal(await cluster.get('Namespace', 'team', ''), undefined));
});

test('what is owned goes after its owner, whoever else owned it, and across generations', async () => {
  await using cluster = await TestCluster.start();
  const owner = await cluster.kube.create(map('owner'));
  const other = await cluster.kube.create(map('other'));
  const child = await cluster.kube.create(map('child', [ownedBy(owner)]));
  await cluster.kube.create(map('grandchild', [ownedBy(child)]));
  await cluster.kube.create(map('shared', [ownedBy(owner), ownedBy(other)]));
  await cluster.kube.delete(mapRef('owner'));
  await cluster.until(async () => {
    assert.equal(await cluster.get('ConfigMap', 'child'), undefined);
    assert.equal(await cluster.get('ConfigMap', 'grandchild'), undefined);
    const shared = await cluster.get('ConfigMap', 'shared');
    assert.deepEqual(
      shared?.metadata.ownerReferences?.map(({ name }) => name),
      ['other'],
    );
  });
});

test('an owner that waits goes after what blocks it', async () => {
  await using cluster = await TestCluster.start();
  const owner = await cluster.kube.create(map('owner'));
  await cluster.kube.create(map('free', [ownedBy(owner)]));
  const held = { ...map('held', [ownedBy(owner, true)]) };
  await cluster.kube.create({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/hold'] } });
  await cluster.kube.delete(mapRef('owner'), { propagation: 'Foreground' });
  await cluster.until(async () =>
    assert.notEqual((await cluster.get('ConfigMap', 'held'))?.metadata.deletionTimestamp, undefined),
  );
  assert.ok(await cluster.get('ConfigMap', 'owner'), 'it waits');
  await cluster.kube.patch(mapRef('held'), { type: 'merge', patch: { metadata: { finalizers: null } } });
  await cluster.until(async () => {
    for (const name of ['owner', 'held', 'free'])
      assert.equal(await cluster.get('ConfigMap', name), undefined, name);
  });
});

test('an owner that lets go leaves what it owned', async () => {
  await using cluster = await TestCluster.start();
  const owner = await cluster.kube.create(map('owner'));
  await cluster.kube.create(map('child', [ownedBy(owner)]));
  await cluster.kube.delete(mapRef('owner'), { propagation: 'Orphan' });
  await cluster.until(async () => assert.equal(await cluster.get('ConfigMap', 'owner'), undefined));
  assert.deepEqual((await cluster.get('ConfigMap', 'child'))?.metadata.ownerReferences ?? [], []);
});

test('an owner that never was takes its dependents along; one of an unknown kind does not', async () => {
  await using cluster = await TestCluster.start();
  const ghost = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'ghost',
    uid: '00000000-0000-0000-0000-000000000000',
  };
  await cluster.kube.create(map('haunted', [ghost]));
  await cluster.kube.create(map('foreign', [{ ...ghost, apiVersion: 'example.com/v1', kind: 'Unknown' }]));
  await cluster.until(async () => assert.equal(await cluster.get('ConfigMap', 'haunted'), undefined));
  assert.ok(await cluster.get('ConfigMap', 'foreign'), "await cluster.get('ConfigMap', 'foreign')");
});

test('objects of a custom kind own and are owned', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create<CustomResourceDefinition>({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'apps.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'apps', kind: 'App' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  });
  const appRef = { apiVersion: 'example.com/v1', kind: 'App', namespace: 'default', name: 'a' };
  const app = await cluster.until(() =>
    cluster.kube.create({
      ...{ apiVersion: 'example.com/v1', kind: 'App' },
      metadata: { name: 'a', namespace: 'default' },
    }),
  );
  await cluster.kube.create(map('of-app', [ownedBy(app)]));
  await cluster.kube.delete(appRef);
  await cluster.until(async () => assert.equal(await cluster.get('ConfigMap', 'of-app'), undefined));
});
