import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@epinio/core';
import { TestCluster } from '../testing/test-cluster.ts';

test('cluster starts', async () => {
  await using cluster = await TestCluster.start();
  await cluster.kube.create<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'a', image: 'x' }] },
  });
  await cluster.until(async () =>
    assert.equal((await cluster.get<Pod>('Pod', 'p'))?.status?.phase, 'Running'),
  );
  await cluster.until(async () => assert.ok(await cluster.get('ServiceAccount', 'default')));
});
