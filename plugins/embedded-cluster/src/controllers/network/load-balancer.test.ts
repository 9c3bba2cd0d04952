import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '@epinio/core';
import { TestCluster } from '../testkit/test-cluster.ts';

const service = (name: string, more: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...more },
});

test('a load balancer has the address of its Service, for as long as it is one', async () => {
  await using cluster = await TestCluster.start({ node: false });
  const balanced = async (name: string): Promise<[string | undefined, readonly unknown[]]> => {
    const found = await cluster.get<Service>('Service', name);
    return [found?.spec.clusterIP, found?.status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? []];
  };
  await cluster.kube.create(service('others', { loadBalancerClass: 'example.com/other' }));
  await cluster.kube.create(service('web'));
  await cluster.until(async () => {
    const [address, given] = await balanced('web');
    assert.deepEqual(given, [address]);
  });
  assert.deepEqual((await balanced('others'))[1], []);
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web' };
  await cluster.kube.patch(ref, { type: 'merge', patch: { spec: { type: 'ClusterIP' } } });
  await cluster.until(async () => assert.deepEqual((await balanced('web'))[1], []));
});
