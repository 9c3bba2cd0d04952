import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../kernel/component.ts';
import type { App } from '../models/app.ts';
import { TestApi } from './testkit/test-api.ts';

interface PageOfApps {
  readonly items: readonly App[];
  readonly page: number;
  readonly pageSize: number;
  readonly totalItems: number;
  readonly totalPages: number;
}

function appObject(namespace: string, name: string): KubeObject {
  return {
    apiVersion: 'application.epinio.io/v1',
    kind: 'App',
    metadata: { name, namespace },
    spec: { origin: {}, routes: [`${name}.apps.test`], chartname: 'standard' },
  };
}

async function seeded(count: number): Promise<TestApi> {
  const test = await TestApi.open();
  await test.json(201, 'POST', 'namespaces', { name: 'team' });
  test.kube.seed(
    ...Array.from({ length: count }, (_, index) =>
      appObject('workspace', `app-${String(index).padStart(4, '0')}`),
    ),
    appObject('team', 'tool'),
  );
  const { caches } = test.api.platform;
  while (caches.apps.list().length < count + 1) await new Promise((resolve) => setImmediate(resolve));
  return test;
}

const names = (apps: readonly App[]): string[] => apps.map(({ meta }) => meta.name);

describe('lists of applications', () => {
  it('have the published shapes, with and without pages', async () => {
    await using test = await seeded(3);
    assert.deepEqual(names(await test.json<App[]>(200, 'GET', 'applications')), [
      'tool',
      'app-0000',
      'app-0001',
      'app-0002',
    ]);
    assert.deepEqual(names(await test.json<App[]>(200, 'GET', 'applications?search=OOL')), ['tool']);
    const page = await test.json<PageOfApps>(200, 'GET', 'applications?page=99&pageSize=3');
    assert.deepEqual(names(page.items), ['app-0002'], 'published: clamped to the last page');
    assert.deepEqual(
      { ...page, items: [] },
      { items: [], page: 2, pageSize: 3, totalItems: 4, totalPages: 2 },
    );
    const strange = await test.json<PageOfApps>(200, 'GET', 'applications?page=x&pageSize=-1');
    assert.equal(strange.page, 1);
    assert.equal(strange.pageSize, 25);

    const path = 'namespaces/workspace/applications';
    assert.equal((await test.json<App[]>(200, 'GET', path)).length, 3);
    const beyond = await test.json<PageOfApps>(200, 'GET', `${path}?page=9&pageSize=2`);
    assert.deepEqual(beyond, { items: [], page: 9, pageSize: 2, totalItems: 3, totalPages: 2 });
    const found = await test.json<PageOfApps>(200, 'GET', `${path}?search=0001`);
    assert.deepEqual(names(found.items), ['app-0001']);
    assert.deepEqual([found.page, found.pageSize, found.totalPages], [0, 0, 1], 'published so');

    const grouped = await test.json<Record<string, PageOfApps>>(200, 'GET', 'applications/grouped?page=1');
    assert.deepEqual(Object.keys(grouped).sort(), ['team', 'workspace']);
    assert.equal(grouped['workspace']?.pageSize, 10);
    assert.equal(grouped['workspace'].totalItems, 3);
    assert.deepEqual(await test.json(200, 'GET', 'namespaces/workspace/appsmatches/app-0001'), {
      names: ['app-0001'],
    });
    assert.deepEqual(await test.json(200, 'GET', 'namespaces/workspace/appsmatches/zzz'), {});
    assert.equal(
      (await test.json<{ names: string[] }>(200, 'GET', 'namespaces/workspace/appsmatches')).names.length,
      3,
    );
  });

  it('of a thousand applications ask the cluster nothing', async () => {
    await using test = await seeded(1_000);
    await test.json(200, 'GET', 'applications');
    const before = { ...test.kube.counts };
    const apps = await test.json<App[]>(200, 'GET', 'applications');
    assert.equal(apps.length, 1_001);
    assert.deepEqual(test.kube.counts, before);
  });

  it('do not show what is being deleted', async () => {
    await using test = await seeded(1);
    const object = appObject('workspace', 'going');
    test.kube.seed({
      ...object,
      metadata: { ...object.metadata, finalizers: ['test/keep'], deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    const { caches } = test.api.platform;
    while (caches.apps.get('workspace', 'going') === undefined)
      await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(names(await test.json<App[]>(200, 'GET', 'namespaces/workspace/applications')), [
      'app-0000',
    ]);
  });
});
