import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeKube, testMesh } from '@epinio/core/testkit';
import plugin from './index.ts';
import { NoMesh } from './no-mesh.ts';

testMesh('no-mesh', async () => {
  const kube = new FakeKube();
  return { mesh: new NoMesh(), kube, [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose]() };
});

describe('no-mesh', () => {
  it('puts nothing into the cluster, and nothing into metadata', async () => {
    assert.deepEqual(plugin.parts({}), []);
    const mesh = new NoMesh();
    assert.deepEqual(mesh.namespaceMetadata(), { labels: {}, annotations: {} });
    assert.deepEqual(mesh.excludedPodMetadata(), { labels: {}, annotations: {} });
    assert.deepEqual(await mesh.enrol(), []);
  });

  it('has no options', () => {
    assert.match(String(plugin.config.safeParse({ replicas: 2 }).error), /replicas/);
  });
});
