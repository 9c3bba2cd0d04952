import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../kernel/component.ts';
import { installDefinition, type KubeKit, refOf, WIDGETS } from './kube-kit.ts';

/** The three kinds of patches, and subresources. */
export function testKubePatch(kit: KubeKit): void {
  const { namespace } = kit;
  describe('patch', () => {
    it('merges, and null removes', async () => {
      const ref = refOf(await kit.kube.create(kit.configMap({ data: { a: '1', b: '2' } })));
      const result = await kit.kube.patch(ref, { type: 'merge', patch: { data: { a: null, c: '3' } } });
      assert.deepEqual(result['data'], { b: '2', c: '3' });
      assert.deepEqual((await kit.kube.get(ref))?.['data'], { b: '2', c: '3' });
    });

    it('carries out JSON Patch operations, all or none', async () => {
      const metadata = { annotations: { 'kit.epinio.io/a': '1' } };
      const ref = refOf(await kit.kube.create(kit.configMap({ data: { a: '1' }, metadata })));
      const test = { op: 'test', path: '/data/a', value: '1' };
      const replace = { op: 'replace', path: '/metadata/annotations/kit.epinio.io~1a', value: '2' };
      const result = await kit.kube.patch(ref, { type: 'json', patch: [test, replace] });
      assert.deepEqual(result.metadata.annotations, { 'kit.epinio.io/a': '2' });
      const remove = [
        { op: 'remove', path: '/data/a' },
        { op: 'remove', path: '/data/none' },
      ];
      await assert.rejects(kit.kube.patch(ref, { type: 'json', patch: remove }), { code: 'KUBE_INVALID' });
      assert.deepEqual((await kit.kube.get(ref))?.['data'], { a: '1' });
    });

    it('fails with KUBE_NOT_FOUND when there is no such object', async () => {
      const ref = refOf(kit.configMap());
      const patch = kit.kube.patch(ref, { type: 'merge', patch: { data: {} } });
      await assert.rejects(patch, {
        code: 'KUBE_NOT_FOUND',
        message: new RegExp(`"${ref.name}" not found`),
      });
    });

    it('is conditional on a resource version, so that of many writers one wins', async () => {
      const { metadata } = await kit.kube.create(kit.configMap({ data: { winner: '' } }));
      const ref = refOf(kit.configMap({ name: metadata.name }));
      const attempts = Array.from({ length: 8 }, (_, index) =>
        kit.kube.patch(ref, {
          type: 'merge',
          patch: {
            metadata: { resourceVersion: metadata.resourceVersion },
            data: { winner: String(index) },
          },
        }),
      );
      const outcomes = await Promise.allSettled(attempts);
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
      assert.equal(lost.length, 7);
      for (const { reason } of lost) assert.equal((reason as { code: string }).code, 'KUBE_CONFLICT');
    });

    it('writes status by its subresource only, and counts changes of the rest as generations', async () => {
      await installDefinition(kit.kube);
      const ref = { ...WIDGETS, namespace, name: kit.unique('widget') };
      const widget: KubeObject = {
        ...WIDGETS,
        metadata: { name: ref.name, namespace },
        spec: { size: 1 },
        status: { phase: 'Made' },
      };
      const created = await kit.kube.create(widget);
      assert.equal(created['status'], undefined);
      assert.equal(created.metadata.generation, 1);
      const body = { type: 'merge', patch: { spec: { size: 2 }, status: { phase: 'Ready' } } } as const;
      const status = await kit.kube.patch(ref, body, { subresource: 'status' });
      assert.deepEqual(
        [status['spec'], status['status'], status.metadata.generation],
        [{ size: 1 }, { phase: 'Ready' }, 1],
      );
      const spec = await kit.kube.patch(ref, {
        type: 'merge',
        patch: { spec: { size: 3 }, status: { phase: 'Lost' } },
      });
      assert.deepEqual(
        [spec['spec'], spec['status'], spec.metadata.generation],
        [{ size: 3 }, { phase: 'Ready' }, 2],
      );
    });
  });
}
