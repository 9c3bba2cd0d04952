import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../kernel/component.ts';
import type { Kube } from '../../ports/kube.ts';
import { testKubeApply } from './kube/apply.ts';
import { testKubeDelete } from './kube/delete.ts';
import { installDefinition, KubeKit, WIDGETS } from './kube/kube-kit.ts';
import { testKubePatch } from './kube/patch.ts';
import { testKubeReads } from './kube/reads.ts';
import { testKubeWatch } from './kube/watch.ts';

/**
 * What every `Kube` has to do, whatever API server is behind it. It works in namespaces and with a kind of
 * its own, which it removes again.
 * @param open gives the implementation under test; it is disposed at the end.
 */
export function testKube(name: string, open: () => Promise<Kube & AsyncDisposable>): void {
  describe(`kube port: ${name}`, () => {
    const kit = new KubeKit(`kit-${randomBytes(4).toString('hex')}`);
    const { namespace } = kit;
    before(() => kit.start(open));
    after(() => kit.end());

    testKubeReads(kit);
    testKubeApply(kit);
    testKubePatch(kit);
    testKubeDelete(kit);
    testKubeWatch(kit);

    it('serves a kind as soon as its definition is there', async () => {
      await installDefinition(kit.kube);
      const widget: KubeObject = {
        ...WIDGETS,
        metadata: { name: 'w', namespace },
        spec: { size: 1, any: { thing: [1] } },
      };
      await kit.kube.create(widget);
      assert.deepEqual((await kit.kube.get({ ...WIDGETS, namespace, name: 'w' }))?.['spec'], widget['spec']);
      const { items } = await kit.kube.list({ ...WIDGETS, namespace });
      assert.equal(
        items.some(({ metadata }) => metadata.name === 'w'),
        true,
      );
      assert.equal(await kit.kube.delete({ ...WIDGETS, namespace, name: 'w' }), true);
    });

    it('obeys an aborted signal', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      await assert.rejects(
        kit.kube.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace }, { signal }),
        /enough/,
      );
    });
  });
}
