import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Kube } from '../ports/kube.ts';
import { install } from './install.ts';
import { signal, options, cluster, ours, dying } from './sample-installation.ts';
import { uninstall } from './uninstall.ts';

describe('uninstall', () => {
  it('removes everything, the record too', async () => {
    await using kube = cluster();
    await install(options(kube));
    const report = await uninstall({ kube, namespace: 'epinio', signal });
    assert.deepEqual(report, { removed: 5, adopted: [], kept: [], left: [] });
    assert.deepEqual(await ours(kube), []);
    assert.equal(await kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'epinio' }), undefined);
  });

  it('says that nothing is installed', async () => {
    await using kube = cluster();
    assert.equal(await uninstall({ kube, namespace: 'epinio', signal }), undefined);
  });

  it('leaves what was adopted, and removes the record from it', async () => {
    await using kube = cluster([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'epinio', labels: { team: 'a' } } },
    ]);
    await install(options(kube));
    const report = await uninstall({ kube, namespace: 'epinio', signal });
    assert.deepEqual(report?.adopted, ['Namespace "epinio"']);
    const namespace = await kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'epinio' });
    assert.deepEqual(namespace?.metadata.labels?.['team'], 'a');
    assert.deepEqual(await ours(kube), []);
  });

  it('leaves an object that others have put in the place of ours', async () => {
    await using kube = cluster();
    await install(options(kube));
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'epinio', name: 'web' };
    const patch = { metadata: { labels: { 'app.kubernetes.io/managed-by': 'somebody' } } };
    await kube.patch(ref, { type: 'merge', patch });
    const removed: string[] = [];
    const watching = new Proxy<Kube>(kube, {
      get:
        (target, name: keyof Kube) =>
        async (...args: unknown[]) => {
          if (name === 'delete') removed.push((args[0] as { kind: string }).kind);
          return (target[name] as (...all: unknown[]) => unknown).apply(target, args);
        },
    });
    await uninstall({ kube: watching, namespace: 'epinio', signal });
    assert.equal(removed.includes('Deployment'), false);
  });

  it('goes on after an interruption at any write', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 0; ; at++) {
        await using kube = cluster();
        await install(options(kube));
        const isKilled = await uninstall({ kube: dying(kube, at, when), namespace: 'epinio', signal }).then(
          () => false,
          () => true,
        );
        await uninstall({ kube, namespace: 'epinio', signal });
        assert.deepEqual(await ours(kube), [], `after a stop ${when} write ${at}`);
        if (isKilled) continue;
        assert.ok(at > 6, 'it must have been interrupted at each write');
        break;
      }
    }
  });
});
