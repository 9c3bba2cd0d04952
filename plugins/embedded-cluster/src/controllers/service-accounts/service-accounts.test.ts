import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap, Secret, ServiceAccount } from '@epinio/core';
import { TestCluster } from '../testkit/test-cluster.ts';

const account = (name: string, more: Partial<ServiceAccount> = {}): ServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'default' },
  ...more,
});
const secret = (name: string, of: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/service-account-token',
  metadata: { name, namespace: 'default', annotations: { 'kubernetes.io/service-account.name': of } },
});
const ref = (kind: string, name: string) => ({ apiVersion: 'v1', kind, namespace: 'default', name });
const text = (base64 = ''): string => Buffer.from(base64, 'base64').toString();

test('the default account and the certificate of the CA are in every namespace, whatever somebody does to them', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const { kube } = cluster;
  await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  for (const namespace of ['default', 'team']) {
    await cluster.until(async () =>
      assert.notEqual(await cluster.get('ServiceAccount', 'default', namespace), undefined),
    );
    await cluster.until(async () => {
      const map = await cluster.get<ConfigMap>('ConfigMap', 'kube-root-ca.crt', namespace);
      assert.deepEqual(map?.data, { 'ca.crt': 'test' });
      assert.match(map.metadata.annotations?.['kubernetes.io/description'] ?? '', /^Contains a CA bundle/);
    });
  }
  const first = await cluster.get('ServiceAccount', 'default');
  await kube.delete(ref('ServiceAccount', 'default'));
  await cluster.until(async () => {
    const { uid } = (await cluster.get('ServiceAccount', 'default'))?.metadata ?? {};
    assert.ok(uid !== undefined && uid !== first?.metadata.uid);
  });
  const patch = { data: { 'ca.crt': 'wrong', more: 'x' }, metadata: { annotations: null } };
  await kube.patch(ref('ConfigMap', 'kube-root-ca.crt'), { type: 'merge', patch });
  await cluster.until(async () =>
    assert.deepEqual((await cluster.get<ConfigMap>('ConfigMap', 'kube-root-ca.crt'))?.data, {
      'ca.crt': 'test',
    }),
  );
  await kube.delete(ref('ConfigMap', 'kube-root-ca.crt'));
  await cluster.until(async () =>
    assert.notEqual(await cluster.get('ConfigMap', 'kube-root-ca.crt'), undefined),
  );
  await kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
  await cluster.until(async () =>
    assert.equal(await kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'team' }), undefined),
  );
});

test('a Secret that asks for a token gets one, keeps it, and goes with its account', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const { kube } = cluster;
  const { metadata } = await kube.create(
    account('robot', { secrets: [{ name: 'kept' }, { name: 'other' }] }),
  );
  await kube.create(secret('kept', 'robot'));
  const full = await cluster.until(async () => {
    const found = await cluster.get<Secret>('Secret', 'kept');
    assert.notEqual(found?.data?.['token'], undefined);
    return found;
  });
  assert.equal(text(full?.data?.['namespace']), 'default');
  assert.equal(text(full?.data?.['ca.crt']), 'test');
  assert.equal(full?.metadata.annotations?.['kubernetes.io/service-account.uid'], metadata.uid);
  const [, claims = ''] = text(full?.data?.['token']).split('.');
  assert.deepEqual(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:default:robot',
    'kubernetes.io/serviceaccount/namespace': 'default',
    'kubernetes.io/serviceaccount/secret.name': 'kept',
    'kubernetes.io/serviceaccount/service-account.name': 'robot',
    'kubernetes.io/serviceaccount/service-account.uid': metadata.uid,
  });
  await kube.patch(ref('Secret', 'kept'), { type: 'merge', patch: { data: { 'ca.crt': null } } });
  await cluster.until(async () => {
    const again = await cluster.get<Secret>('Secret', 'kept');
    assert.equal(text(again?.data?.['ca.crt']), 'test');
    assert.equal(again?.data?.['token'], full?.data?.['token']);
  });

  await kube.delete(ref('Secret', 'kept'));
  await cluster.until(async () =>
    assert.deepEqual((await cluster.get<ServiceAccount>('ServiceAccount', 'robot'))?.secrets, [
      { name: 'other' },
    ]),
  );
  await kube.create(secret('second', 'robot'));
  await cluster.until(async () =>
    assert.notEqual((await cluster.get<Secret>('Secret', 'second'))?.data?.['token'], undefined),
  );
  await kube.delete(ref('ServiceAccount', 'robot'));
  await cluster.until(async () => assert.equal(await cluster.get('Secret', 'second'), undefined));
});

test('a Secret for an account that is not there is removed', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(secret('lost', 'nobody'));
  await cluster.until(async () => assert.equal(await cluster.get('Secret', 'lost'), undefined));
});
