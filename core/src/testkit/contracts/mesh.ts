import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Mesh, MetadataPatch } from '../../contracts/mesh.ts';
import type { Kube } from '../../ports/kube.ts';

/** A mesh, and the cluster that it works in. */
export interface MeshContext extends AsyncDisposable {
  readonly mesh: Mesh;
  readonly kube: Kube;
}

/** What every `Mesh` has to do, whether it is a real one or none. */
export function testMesh(name: string, open: () => Promise<MeshContext>): void {
  describe(`mesh contract: ${name}`, () => {
    it('gives metadata that a namespace takes, the same each time', async () => {
      await using context = await open();
      const { mesh, kube } = context;
      const metadata = mesh.namespaceMetadata();
      assert.deepEqual(mesh.namespaceMetadata(), metadata);
      const namespace = await kube.apply(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kit-mesh', ...metadata } },
        { fieldManager: 'epinio/kit' },
      );
      assertCarries(namespace.metadata, metadata);
      await kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'kit-mesh' });
    });

    it('gives pod metadata of valid labels and annotations', async () => {
      await using context = await open();
      const { labels, annotations } = context.mesh.excludedPodMetadata();
      for (const value of Object.values(labels))
        assert.match(value, /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/);
      for (const value of Object.values(annotations)) assert.equal(typeof value, 'string');
    });

    it('has nobody to enrol when nobody is named', async () => {
      await using context = await open();
      assert.deepEqual(await context.mesh.enrol([]), []);
    });
  });
}

function assertCarries(
  metadata: { readonly labels?: object; readonly annotations?: object },
  { labels, annotations }: MetadataPatch,
): void {
  for (const [key, value] of Object.entries(labels))
    assert.equal((metadata.labels as Record<string, string>)[key], value);
  for (const [key, value] of Object.entries(annotations)) {
    assert.equal((metadata.annotations as Record<string, string>)[key], value);
  }
}
