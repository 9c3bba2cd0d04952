import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Pod, Service } from '@epinio/core';
import { readyStatus, TestCluster } from '../testkit/test-cluster.ts';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web', labels: { team: 'a' } },
  spec: {
    selector: { app: 'web' },
    ports: [
      { name: 'http', port: 80, targetPort: 'http' },
      { name: 'metrics', port: 9090 },
    ],
  },
};

const pod = (name: string, real: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace: 'default',
    name,
    labels: { app: 'web' },
    annotations: { 'node.epinio.io/ports': JSON.stringify({ 8080: real }) },
  },
  spec: {
    nodeName: 'epinio',
    containers: [{ name: 'main', image: 'a', ports: [{ name: 'http', containerPort: 8080 }] }],
  },
});

/** Address and port of all that is ready, by port name: as a consumer reads all slices of a Service together. */
async function readyTargets(cluster: TestCluster): Promise<Record<string, string[]>> {
  const slices = await cluster.list<EndpointSlice>('EndpointSlice', 'kubernetes.io/service-name=web');
  const targets: Record<string, string[]> = {};
  for (const { endpoints = [], ports = [] } of slices) {
    for (const { addresses, conditions } of endpoints) {
      if (conditions?.ready !== true) continue;
      for (const port of ports)
        (targets[port.name ?? ''] ??= []).push(`${addresses[0] ?? ''}:${port.port ?? 0}`);
    }
  }
  for (const list of Object.values(targets)) list.sort();
  return targets;
}

test('each ready pod is an endpoint with its own real port, and leaves as soon as it is deleted', async () => {
  await using cluster = await TestCluster.start({ node: false });
  await cluster.kube.create(service);
  const a = await cluster.kube.create(pod('a', 20001));
  const b = await cluster.kube.create(pod('b', 20002));
  await cluster.setPodStatus(a, readyStatus(true));
  await cluster.setPodStatus(b, readyStatus(false));
  await cluster.until(async () => {
    assert.deepEqual(await readyTargets(cluster), { http: ['127.0.0.1:20001'], metrics: ['127.0.0.1:9090'] });
  });
  await cluster.setPodStatus(b, readyStatus(true));
  await cluster.until(async () => {
    assert.deepEqual((await readyTargets(cluster))['http'], ['127.0.0.1:20001', '127.0.0.1:20002']);
  });
  const [slice] = await cluster.list<EndpointSlice>('EndpointSlice');
  assert.equal(slice?.metadata.labels?.['team'], 'a');
  assert.equal(slice.endpoints?.[0]?.targetRef?.kind, 'Pod');

  await cluster.kube.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a' });
  await cluster.until(async () => {
    assert.deepEqual((await readyTargets(cluster))['http'], ['127.0.0.1:20002']);
    const ending = (await cluster.list<EndpointSlice>('EndpointSlice')).flatMap(
      ({ endpoints = [] }) => endpoints,
    );
    const conditions = ending.find(({ targetRef }) => targetRef?.name === 'a')?.conditions;
    assert.deepEqual(conditions, { ready: false, serving: true, terminating: true });
  });

  await cluster.kube.patch(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'b' },
    { type: 'merge', patch: { metadata: { labels: { app: 'other' } } } },
  );
  await cluster.until(async () => assert.deepEqual(await readyTargets(cluster), {}));
  await cluster.kube.delete({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web' });
  await cluster.until(async () => assert.deepEqual(await cluster.list('EndpointSlice'), []));
});
