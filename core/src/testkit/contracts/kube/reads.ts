import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../kernel/component.ts';
import { type KubeKit, refOf } from './kube-kit.ts';

/** Reading and creating. */
export function testKubeReads(kit: KubeKit): void {
  const { namespace } = kit;
  describe('get, list and create', () => {
    it('answers undefined for what is not there, object or kind', async () => {
      assert.equal(
        await kit.kube.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'none' }),
        undefined,
      );
      assert.equal(
        await kit.kube.get({ apiVersion: 'none.epinio.io/v1', kind: 'None', namespace, name: 'x' }),
        undefined,
      );
      assert.equal(
        await kit.kube.get({ apiVersion: 'v1', kind: 'NoSuchKind', namespace, name: 'x' }),
        undefined,
      );
      assert.deepEqual((await kit.kube.list({ apiVersion: 'none.epinio.io/v1', kind: 'None' })).items, []);
    });

    it("creates an object with the server's fields, and reads it back", async () => {
      const wanted = kit.configMap({ data: { text: 'Grüße, 世界 \u{1F680}\n' } });
      const created = await kit.kube.create(wanted);
      assert.match(created.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
      assert.match(created.metadata.resourceVersion ?? '', /^\d+$/);
      assert.match(created.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const read = await kit.kube.get(refOf(wanted));
      assert.deepEqual(read?.['data'], wanted['data']);
      assert.deepEqual([read?.apiVersion, read?.kind], ['v1', 'ConfigMap']);
      assert.equal(read?.metadata.resourceVersion, created.metadata.resourceVersion);
    });

    it('refuses a name that is taken, a bad one, and a namespace that is not there', async () => {
      const taken = await kit.kube.create(kit.configMap());
      await assert.rejects(kit.kube.create(kit.configMap({ name: taken.metadata.name })), {
        code: 'KUBE_ALREADY_EXISTS',
        message: new RegExp(`"${taken.metadata.name}" already exists`),
      });
      await assert.rejects(kit.kube.create(kit.configMap({ data: { 'not/a/key': '' } })), {
        code: 'KUBE_INVALID',
        message: /not\/a\/key/,
      });
      await assert.rejects(kit.kube.create(kit.configMap({ name: 'Not_A_Name' })), {
        code: 'KUBE_INVALID',
        message: /Not_A_Name/,
      });
      const elsewhere = kit.configMap({ metadata: { namespace: 'kit-none' } });
      await assert.rejects(kit.kube.create(elsewhere), { code: 'KUBE_NOT_FOUND', message: /kit-none/ });
    });

    it('makes names from generateName', async () => {
      const make = (): Promise<KubeObject> =>
        kit.kube.create(kit.configMap({ metadata: { name: '', generateName: 'made-' } }));
      const [one, two] = [await make(), await make()];
      assert.match(one.metadata.name, /^made-\w{5,}$/);
      assert.notEqual(one.metadata.name, two.metadata.name);
    });

    it('keeps the plain text of a Secret as base64', async () => {
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: kit.unique('secret'), namespace },
        stringData: { a: 'b' },
      };
      const created: KubeObject = await kit.kube.create(secret);
      assert.deepEqual(created['data'], { a: 'Yg==' });
      assert.equal(created['stringData'], undefined);
    });

    it('lists by namespace, everywhere, by labels and by name', async () => {
      const run = kit.unique('run');
      const make = (labels: Record<string, string>): Promise<KubeObject> =>
        kit.kube.create(kit.configMap({ metadata: { labels: { run, ...labels } } }));
      const [a, b, c] = [await make({ tier: 'a' }), await make({ tier: 'b' }), await make({})];
      const names = async (
        options: { labelSelector?: string; fieldSelector?: string },
        where?: string,
      ): Promise<string[]> => {
        const ref = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          ...(where === undefined ? {} : { namespace: where }),
        };
        const { items, resourceVersion } = await kit.kube.list(ref, options);
        assert.match(resourceVersion, /^\d+$/);
        for (const item of items) assert.deepEqual([item.apiVersion, item.kind], ['v1', 'ConfigMap']);
        return items.map((item) => item.metadata.name).sort();
      };
      const named = (...objects: KubeObject[]): string[] =>
        objects.map(({ metadata }) => metadata.name).sort();
      assert.deepEqual(await names({ labelSelector: `run=${run}` }, namespace), named(a, b, c));
      assert.deepEqual(await names({ labelSelector: `run=${run}` }), named(a, b, c));
      assert.deepEqual(await names({ labelSelector: `run=${run}` }, 'kube-system'), []);
      assert.deepEqual(await names({ labelSelector: `run=${run},tier in (a,x)` }, namespace), named(a));
      assert.deepEqual(await names({ labelSelector: `run=${run},tier` }, namespace), named(a, b));
      assert.deepEqual(await names({ labelSelector: `run=${run},!tier` }, namespace), named(c));
      assert.deepEqual(await names({ labelSelector: `run=${run},tier!=a` }, namespace), named(b, c));
      assert.deepEqual(
        await names({ fieldSelector: `metadata.name=${b.metadata.name}` }, namespace),
        named(b),
      );
    });
  });
}
