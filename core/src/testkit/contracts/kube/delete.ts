import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ObjectRef } from '../../../ports/kube.ts';
import { eventually, gone, type KubeKit, refOf } from './kube-kit.ts';

/** Deletion: preconditions, finalizers, owners, namespaces. */
export function testKubeDelete(kit: KubeKit): void {
  const { namespace } = kit;
  describe('delete', () => {
    it('says whether there was anything to delete', async () => {
      const ref = refOf(await kit.kube.create(kit.configMap()));
      assert.equal(await kit.kube.delete(ref), true);
      await gone(kit.kube, ref);
      assert.equal(await kit.kube.delete(ref), false);
      assert.equal(
        await kit.kube.delete({ apiVersion: 'none.epinio.io/v1', kind: 'None', namespace, name: 'x' }),
        false,
      );
    });

    it('refuses when it is another object or another version than the one known', async () => {
      const { metadata } = await kit.kube.create(kit.configMap());
      const ref = refOf(kit.configMap({ name: metadata.name }));
      await assert.rejects(kit.kube.delete(ref, { uid: '00000000-0000-0000-0000-000000000000' }), {
        code: 'KUBE_CONFLICT',
      });
      await kit.kube.patch(ref, { type: 'merge', patch: { data: { key: 'new' } } });
      const old = metadata.resourceVersion ?? '';
      await assert.rejects(kit.kube.delete(ref, { resourceVersion: old }), { code: 'KUBE_CONFLICT' });
      assert.equal(await kit.kube.delete(ref, { uid: metadata.uid ?? '' }), true);
    });

    it('waits for finalizers', async () => {
      const ref = refOf(
        await kit.kube.create(kit.configMap({ metadata: { finalizers: ['epinio.io/kit'] } })),
      );
      assert.equal(await kit.kube.delete(ref), true);
      assert.match((await kit.kube.get(ref))?.metadata.deletionTimestamp ?? '', /^\d{4}-/);
      await kit.kube.patch(ref, { type: 'merge', patch: { metadata: { finalizers: null } } });
      await gone(kit.kube, ref);
    });

    it('takes owned objects with it, or leaves them as orphans', async () => {
      const family = async (): Promise<{ owner: ObjectRef; owned: ObjectRef }> => {
        const { metadata } = await kit.kube.create(kit.configMap());
        const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name, uid: metadata.uid ?? '' };
        const owned = await kit.kube.create(kit.configMap({ metadata: { ownerReferences: [owner] } }));
        return { owner: refOf(kit.configMap({ name: metadata.name })), owned: refOf(owned) };
      };
      const [first, second] = [await family(), await family()];
      await kit.kube.delete(first.owner);
      await gone(kit.kube, first.owned);
      await kit.kube.delete(second.owner, { propagation: 'Orphan' });
      await gone(kit.kube, second.owner);
      const orphan = await kit.kube.get(second.owned);
      assert.deepEqual(orphan?.metadata.ownerReferences ?? [], []);
      assert.notEqual(orphan, undefined);
    });

    it('empties a namespace before it goes', async () => {
      const name = `${namespace}-gone`;
      const ref = { apiVersion: 'v1', kind: 'Namespace', name };
      await kit.kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      const held = await kit.kube.create(
        kit.configMap({ metadata: { namespace: name, finalizers: ['epinio.io/kit'] } }),
      );
      await kit.kube.create(kit.configMap({ metadata: { namespace: name } }));
      await kit.kube.delete(ref);
      await eventually(`only "${held.metadata.name}" to be left`, async () => {
        const { items } = await kit.kube.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: name });
        return items.every(({ metadata }) => metadata.name === held.metadata.name);
      });
      assert.notEqual((await kit.kube.get(ref))?.metadata.deletionTimestamp, undefined);
      const late = kit.kube.create(kit.configMap({ metadata: { namespace: name } }));
      await assert.rejects(late, { code: 'KUBE_FORBIDDEN', message: /terminat/ });
      await kit.kube.patch(refOf(held), { type: 'merge', patch: { metadata: { finalizers: null } } });
      await gone(kit.kube, ref);
    });
  });
}
