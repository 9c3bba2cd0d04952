import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode, type KubeObject } from '@epinio/core';
import { eventually, FakeLog } from '@epinio/core/testkit';
import { createLocalKube } from '../api/local-kube.ts';
import { openRegistry } from './open.ts';

interface Quota extends KubeObject {
  readonly status?: { readonly hard?: object; readonly used?: object };
}

const quota = (name: string, hard: object, spec: object = {}): KubeObject & { spec: object } => ({
  ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: 'default', name } },
  spec: { hard, ...spec },
});

const pod = (name: string, spec: object = {}, resources: object = {}): KubeObject & { spec: object } => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name } },
  spec: { containers: [{ name: 'main', image: 'a', resources }], ...spec },
});

async function open(directory: string) {
  const opened = await openRegistry({ directory, history: 4096 }, new FakeLog());
  const kube = createLocalKube(opened.registry, 'test');
  const metadata = { namespace: 'default', name: 'default' };
  await kube.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, { fieldManager: 'test' });
  const used = async (name: string): Promise<object | undefined> =>
    (await kube.get<Quota>({ apiVersion: 'v1', kind: 'ResourceQuota', namespace: 'default', name }))?.status
      ?.used;
  return {
    kube,
    used,
    uses: (name: string, wanted: object) =>
      eventually(async () => assert.deepEqual(await used(name), wanted), 5000),
    [Symbol.asyncDispose]: opened.close,
  };
}

function folder(t: { after(done: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'epinio-quotas-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('of many that come at once, no more get in than there is room for', async (t) => {
  await using cluster = await open(folder(t));
  await cluster.kube.create(quota('few', { pods: '5', 'count/pods': '7' }));
  await cluster.uses('few', { pods: '0', 'count/pods': '0' });
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => cluster.kube.create(pod(`p${index}`))),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 5);
  assert.deepEqual(await cluster.used('few'), { pods: '5', 'count/pods': '5' });
  const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  assert.ok(hasCode(refused.reason, 'KUBE_FORBIDDEN'));
  assert.match(
    String(refused.reason),
    /exceeded quota: few, requested: pods=1, used: pods=5, limited: pods=5/,
  );
});

test('what is gone, or has ended, makes room, and what is used outlives a restart', async (t) => {
  const directory = folder(t);
  {
    await using cluster = await open(directory);
    await cluster.kube.create(quota('few', { pods: '2', 'count/pods': '3', 'requests.cpu': '1' }));
    await cluster.uses('few', { pods: '0', 'count/pods': '0', 'requests.cpu': '0' });
    const resources = { requests: { cpu: '500m' } };
    await cluster.kube.create(pod('a', {}, resources));
    await cluster.kube.create(pod('b', {}, resources));
    assert.deepEqual(await cluster.used('few'), { pods: '2', 'count/pods': '2', 'requests.cpu': '1' });
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a' };
    const patch = { status: { phase: 'Succeeded' } };
    await cluster.kube.patch(ref, { type: 'merge', patch }, { subresource: 'status' });
    await cluster.uses('few', { pods: '1', 'count/pods': '2', 'requests.cpu': '500m' });
    await cluster.kube.create(pod('c', {}, resources));
    await assert.rejects(cluster.kube.create(pod('d', {}, resources)), /exceeded quota/);
    await cluster.kube.delete(ref);
    await cluster.uses('few', { pods: '2', 'count/pods': '2', 'requests.cpu': '1' });
  }
  await using cluster = await open(directory);
  await assert.rejects(cluster.kube.create(pod('d', {}, { requests: { cpu: '1m' } })), /exceeded quota/);
  const ref = { apiVersion: 'v1', kind: 'ResourceQuota', namespace: 'default', name: 'few' };
  await cluster.kube.patch(ref, {
    type: 'merge',
    patch: { spec: { hard: { pods: '3', 'requests.cpu': '2' } } },
  });
  await eventually(() => cluster.kube.create(pod('d', {}, { requests: { cpu: '1m' } })), 5000);
});

test('defaults of a LimitRange come before the quota', async (t) => {
  await using cluster = await open(folder(t));
  await cluster.kube.create(quota('memory', { 'limits.memory': '1Gi' }));
  await cluster.uses('memory', { 'limits.memory': '0' });
  await assert.rejects(
    cluster.kube.create(pod('a')),
    /failed quota: memory: must specify limits.memory for: main/,
  );
  await cluster.kube.create({
    ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { namespace: 'default', name: 'defaults' } },
    spec: { limits: [{ type: 'Container', default: { memory: '600Mi' } }] },
  });
  await cluster.kube.create(pod('a'));
  await assert.rejects(
    cluster.kube.create(pod('b')),
    /exceeded quota: memory, requested: limits.memory=600Mi, used: limits.memory=600Mi, limited: limits.memory=1Gi/,
  );
});

test('a scope selector picks pods by their priority class', async (t) => {
  await using cluster = await open(folder(t));
  const priorityClass = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' };
  await cluster.kube.create({ ...priorityClass, metadata: { name: 'high' }, value: 5 });
  const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }];
  await cluster.kube.create(quota('high', { pods: '1' }, { scopeSelector: { matchExpressions } }));
  await cluster.uses('high', { pods: '0' });
  await cluster.kube.create(pod('low'));
  await cluster.kube.create(pod('a', { priorityClassName: 'high' }));
  await assert.rejects(cluster.kube.create(pod('b', { priorityClassName: 'high' })), /exceeded quota: high/);
  await cluster.uses('high', { pods: '1' });
});

test('custom resources are counted, too, and claims by their class', async (t) => {
  await using cluster = await open(folder(t));
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget' };
  const schema = { openAPIV3Schema: { type: 'object' } };
  await cluster.kube.create({
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: 'widgets.example.com' },
    spec: {
      ...{ group: 'example.com', scope: 'Namespaced', names },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
  const ofClass = 'fast.storageclass.storage.k8s.io/requests.storage';
  await cluster.kube.create(quota('more', { 'count/widgets.example.com': '1', [ofClass]: '1Gi' }));
  await cluster.uses('more', { 'count/widgets.example.com': '0', [ofClass]: '0' });
  const widget = (name: string): KubeObject => ({
    ...{ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { namespace: 'default', name } },
  });
  await cluster.kube.create(widget('a'));
  await assert.rejects(cluster.kube.create(widget('b')), /requested: count\/widgets.example.com=1/);
  const claim = (name: string, storageClassName: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'default', name } },
    spec: {
      ...{ storageClassName, accessModes: ['ReadWriteOnce'] },
      resources: { requests: { storage: '700Mi' } },
    },
  });
  await cluster.kube.create(claim('a', 'fast'));
  await cluster.kube.create(claim('b', 'slow'));
  await assert.rejects(cluster.kube.create(claim('c', 'fast')), /used: fast\S+=700Mi, limited: fast\S+=1Gi/);
});
