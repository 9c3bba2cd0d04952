import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../kernel/component.ts';
import { type KubeKit, refOf } from './kube-kit.ts';

/** Server-side apply. */
export function testKubeApply(kit: KubeKit): void {
  const { namespace } = kit;
  describe('apply', () => {
    it('creates, and changes nothing when it says the same again', async () => {
      const wanted = kit.configMap({ metadata: { labels: { a: 'b' } } });
      const first = await kit.kube.apply(wanted, kit.manager);
      const second = await kit.kube.apply(wanted, kit.manager);
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
      assert.deepEqual(second['data'], { key: 'value' });
    });

    it('removes what its manager no longer declares, and leaves what others own', async () => {
      const { metadata } = await kit.kube.apply(
        kit.configMap({ data: { mine: '1', dropped: '2' } }),
        kit.manager,
      );
      await kit.kube.apply(kit.configMap({ name: metadata.name, data: { theirs: '3' } }), {
        fieldManager: 'somebody-else',
      });
      await kit.kube.patch(refOf(kit.configMap({ name: metadata.name })), {
        type: 'merge',
        patch: { data: { patched: '4' } },
      });
      const last = await kit.kube.apply(
        kit.configMap({ name: metadata.name, data: { mine: '1' } }),
        kit.manager,
      );
      assert.deepEqual(last['data'], { mine: '1', theirs: '3', patched: '4' });
    });

    it('takes fields over by force, and reports a conflict without', async () => {
      const { metadata } = await kit.kube.apply(kit.configMap({ data: { key: 'mine' } }), kit.manager);
      const theirs = kit.configMap({ name: metadata.name, data: { key: 'theirs' } });
      const other = { fieldManager: 'somebody-else' };
      await assert.rejects(kit.kube.apply(theirs, { ...other, force: false }), {
        code: 'KUBE_CONFLICT',
        message: /epinio\/kit/,
      });
      assert.deepEqual((await kit.kube.apply(theirs, other))['data'], { key: 'theirs' });
    });

    it('merges lists by the key that their items have', async () => {
      const deployment = (image: string, env: readonly { name: string; value: string }[]): KubeObject => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'keyed', namespace },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'keyed' } },
          template: {
            metadata: { labels: { app: 'keyed' } },
            spec: { containers: [{ name: 'main', image, env }] },
          },
        },
      });
      const containers = (object: KubeObject): Record<string, unknown>[] =>
        (object['spec'] as { template: { spec: { containers: Record<string, unknown>[] } } }).template.spec
          .containers;
      await kit.kube.apply(
        deployment('one', [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ]),
        kit.manager,
      );
      const sidecar = { spec: { template: { spec: { containers: [{ name: 'side', image: 'car' }] } } } };
      await kit.kube.patch(
        { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'keyed' },
        { type: 'strategic', patch: sidecar },
      );
      const last = await kit.kube.apply(deployment('two', [{ name: 'B', value: '3' }]), kit.manager);
      const main = containers(last).find(({ name: container }) => container === 'main');
      assert.equal(containers(last).length, 2);
      assert.equal(main?.['image'], 'two');
      assert.deepEqual(main['env'], [{ name: 'B', value: '3' }]);
    });

    it('leaves nothing behind after a dry run', async () => {
      const wanted = kit.configMap();
      const shown = await kit.kube.apply(wanted, { ...kit.manager, dryRun: true });
      assert.deepEqual(shown['data'], { key: 'value' });
      assert.equal(await kit.kube.get(refOf(wanted)), undefined);
    });
  });
}
