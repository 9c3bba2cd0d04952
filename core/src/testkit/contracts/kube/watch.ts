import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../kernel/component.ts';
import type { CollectionRef, WatchEvent } from '../../../ports/kube.ts';
import { collect, type KubeKit, refOf } from './kube-kit.ts';

/** Watches. */
export function testKubeWatch(kit: KubeKit): void {
  const { namespace } = kit;
  describe('watch', () => {
    const maps: CollectionRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace };
    const summary = ({ type, object }: WatchEvent<KubeObject>): string =>
      `${type} ${object.metadata.name} ${(object['data'] as Record<string, string> | undefined)?.['key'] ?? ''}`;

    it('tells every change after a version, in order, and ends with its signal', async () => {
      const { resourceVersion } = await kit.kube.list(maps);
      const name = kit.unique('watched');
      const ref = refOf(await kit.kube.create(kit.configMap({ name, data: { key: '1' } })));
      await kit.kube.patch(ref, { type: 'merge', patch: { data: { key: '2' } } });
      await kit.kube.delete(ref);
      const events = await collect(
        kit.kube,
        maps,
        { resourceVersion, fieldSelector: `metadata.name=${name}` },
        3,
      );
      assert.deepEqual(events.map(summary), [`ADDED ${name} 1`, `MODIFIED ${name} 2`, `DELETED ${name} 2`]);
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
      for (const { object } of events)
        assert.deepEqual([object.apiVersion, object.kind], ['v1', 'ConfigMap']);
    });

    it('begins with what is there when no version is given, then goes on', async () => {
      const labels = { run: kit.unique('run') };
      const present = await kit.kube.create(kit.configMap({ data: { key: 'old' }, metadata: { labels } }));
      const added = kit.unique('added');
      const events = await collect(kit.kube, maps, { labelSelector: `run=${labels.run}` }, 2, async () => {
        await kit.kube.create(kit.configMap({ name: added, data: { key: 'new' }, metadata: { labels } }));
      });
      assert.deepEqual(events.map(summary), [`ADDED ${present.metadata.name} old`, `ADDED ${added} new`]);
    });

    it('reports objects that begin and cease to match as coming and going', async () => {
      const { resourceVersion } = await kit.kube.list(maps);
      const run = kit.unique('run');
      const ref = refOf(await kit.kube.create(kit.configMap({ data: { key: '0' } })));
      const label = async (value: string | null, key: string): Promise<unknown> =>
        kit.kube.patch(ref, {
          type: 'merge',
          patch: { metadata: { labels: { run: value } }, data: { key } },
        });
      await label(run, '1');
      await label(run, '2');
      await label(null, '3');
      const events = await collect(kit.kube, maps, { resourceVersion, labelSelector: `run=${run}` }, 3);
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.metadata.name}`),
        ['ADDED', 'MODIFIED', 'DELETED'].map((type) => `${type} ${ref.name}`),
      );
    });

    it('fails with KUBE_NOT_FOUND when there is no such kind', async () => {
      const watching = collect(kit.kube, { apiVersion: 'none.epinio.io/v1', kind: 'None' }, {}, 1);
      await assert.rejects(watching, { code: 'KUBE_NOT_FOUND' });
    });

    it('ends at once when its signal is already aborted', async () => {
      for await (const event of kit.kube.watch(maps, { signal: AbortSignal.abort() }))
        assert.fail(`got ${event.type}`);
    });
  });
}
