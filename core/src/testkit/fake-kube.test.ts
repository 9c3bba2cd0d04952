import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Deployment } from '../kube/kinds.ts';
import { testKube } from './contracts/kube.ts';
import { FakeKube } from './fake-kube.ts';

testKube('FakeKube', async () => new FakeKube({ requireDefinitions: true }));

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'main' }, { name: 'side' }], initContainers: [{ name: 'unpack' }] },
};

test('logs: the lines of a container, from where they are asked for', async () => {
  let now = Date.parse('2024-01-01T00:00:00Z');
  const kube = new FakeKube({ objects: [POD], now: () => now });
  const pod = { namespace: 'default', name: 'web' };
  kube.writeLog(pod, 'main', 'one');
  now += 10_000;
  kube.writeLog(pod, 'main', 'two');
  kube.writeLog(pod, 'unpack', 'other');
  const read = async (options = {}): Promise<string> => text(await kube.logs(pod, options));
  assert.equal(await read(), 'one\ntwo\n');
  assert.equal(await read({ container: 'unpack' }), 'other\n');
  assert.equal(await read({ tailLines: 1 }), 'two\n');
  assert.equal(await read({ tailLines: 0 }), '');
  assert.equal(await read({ sinceSeconds: 5 }), 'two\n');
  assert.equal(await read({ sinceTime: '2024-01-01T00:00:05Z' }), 'two\n');
  assert.equal(await read({ tailLines: 1, timestamps: true }), '2024-01-01T00:00:10.000000000Z two\n');
  await assert.rejects(read({ container: 'none' }), {
    code: 'KUBE_FAILED',
    message: /container none is not valid/,
  });
  await assert.rejects(kube.logs({ namespace: 'default', name: 'none' }), { code: 'KUBE_NOT_FOUND' });
});

test('logs: a follower gets lines as they come, until the container or the follower ends', async () => {
  const kube = new FakeKube({ objects: [POD] });
  const pod = { namespace: 'default', name: 'web' };
  const stop = new AbortController();
  const ended = text(await kube.logs(pod, { follow: true }));
  const stopped = text(await kube.logs(pod, { container: 'side', follow: true, signal: stop.signal }));
  kube.writeLog(pod, 'main', 'early');
  await new Promise((resolve) => setImmediate(resolve));
  kube.writeLog(pod, 'main', 'late');
  kube.endLog(pod, 'main');
  stop.abort();
  assert.equal(await ended, 'early\nlate\n');
  assert.equal(await stopped, '');
});

test('rollsOut: a workload is ready at each generation as soon as it is written', async () => {
  const kube = new FakeKube({ rollsOut: true });
  const metadata = { name: 'web', namespace: 'default' };
  const wanted = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 3 } };
  await kube.create(wanted);
  const patch = { type: 'merge', patch: { spec: { replicas: 5 } } } as const;
  const { status } = await kube.patch<Deployment>(
    { ...metadata, apiVersion: 'apps/v1', kind: 'Deployment' },
    patch,
  );
  assert.equal(status?.observedGeneration, 2);
  assert.equal(status.readyReplicas, 5);
});

test('foreground deletion: the owner goes last', async () => {
  const owner = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'owner', namespace: 'default', uid: 'u' },
  };
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'u', blockOwnerDeletion: true };
  const held = { name: 'owned', namespace: 'default', ownerReferences: [ref], finalizers: ['a/b'] };
  const kube = new FakeKube({ objects: [owner, { apiVersion: 'v1', kind: 'ConfigMap', metadata: held }] });
  const named = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'owner' };
  await kube.delete(named, { propagation: 'Foreground' });
  assert.deepEqual((await kube.get(named))?.metadata.finalizers, ['foregroundDeletion']);
  await kube.patch({ ...named, name: 'owned' }, { type: 'merge', patch: { metadata: { finalizers: [] } } });
  assert.equal(await kube.get(named), undefined);
});

test('what it hands out cannot be changed by accident', async () => {
  const kube = new FakeKube();
  const namespace = await kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'default' });
  assert.throws(() => {
    (namespace?.metadata as { name: string }).name = 'changed';
  }, TypeError);
});
