import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLocalKube } from './local-kube.ts';
import { TestApi, type WatchLine } from './testing/test-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('watches', () => {
  let test: TestApi;
  before(async () => {
    test = await TestApi.start({ history: 100 });
  });
  after(() => test[Symbol.asyncDispose]());

  const put = async (
    name: string,
    labels: Record<string, string> = {},
    data: Record<string, string> = {},
  ): Promise<string> => {
    const body = { metadata: { name, labels }, data };
    const { status } = await test.client.call('GET', `${MAPS}/${name}`);
    const answer =
      status === 404
        ? await test.client.call('POST', MAPS, { body })
        : await test.client.call('PUT', `${MAPS}/${name}`, { body });
    return answer.body.metadata.resourceVersion ?? '';
  };
  const remove = (name: string) => test.client.call('DELETE', `${MAPS}/${name}`);
  const shown = ({ type, object }: WatchLine): string => `${type} ${object.metadata.name ?? ''}`;
  const take = async (events: AsyncGenerator<WatchLine>, count: number): Promise<WatchLine[]> => {
    const lines: WatchLine[] = [];
    while (lines.length < count) {
      const next = await events.next();
      const { value, done } = next as IteratorResult<WatchLine, undefined>;
      assert.ok(!done, `the watch ended after ${lines.length} of ${count} events`);
      lines.push(value);
    }
    return lines;
  };

  it('show what is there, then every change in order', async () => {
    await put('a1');
    const events = test.client.watch(`${MAPS}?watch=1&fieldSelector=metadata.name%3Da1`);
    assert.deepEqual((await take(events, 1)).map(shown), ['ADDED a1']);
    await put('a1', {}, { k: 'v' });
    await remove('a1');
    assert.deepEqual((await take(events, 2)).map(shown), ['MODIFIED a1', 'DELETED a1']);
    await events.return(undefined);
  });

  it('go on from a resourceVersion without a gap, also after a restart', async () => {
    const from = await put('b1');
    await put('b2');
    await put('b1', {}, { k: 'v' });
    await remove('b2');
    const path = `${MAPS}?watch=1&resourceVersion=${from}&timeoutSeconds=5`;
    const expected = ['ADDED b2', 'MODIFIED b1', 'DELETED b2'];
    assert.deepEqual((await take(test.client.watch(path), 3)).map(shown), expected);
    await test.restart();
    assert.deepEqual((await take(test.client.watch(path), 3)).map(shown), expected);
  });

  it('with a selector, show objects that begin and cease to match', async () => {
    const from = await put('c1');
    const events = test.client.watch(`${MAPS}?watch=1&resourceVersion=${from}&labelSelector=on%3Dyes`);
    await put('c1', { on: 'yes' });
    await put('c1', { on: 'yes' }, { k: 'v' });
    await put('c1', { on: 'no' });
    const lines = await take(events, 3);
    assert.deepEqual(lines.map(shown), ['ADDED c1', 'MODIFIED c1', 'DELETED c1']);
    assert.deepEqual(lines[2]?.object.metadata.labels, { on: 'yes' }, 'the last state that matched');
    await events.return(undefined);
  });

  it('say where the initial objects end, and where they are when they end', async () => {
    await put('d1', { d: '1' });
    const path = `${MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=d&timeoutSeconds=1`;
    const lines: WatchLine[] = [];
    for await (const line of test.client.watch(path)) lines.push(line);
    assert.deepEqual(
      lines.map(({ type }) => type),
      ['ADDED', 'BOOKMARK', 'BOOKMARK'],
    );
    assert.deepEqual(lines[1]?.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    assert.equal(lines[2]?.object.metadata.resourceVersion, String(test.api.registry.store.revision));
  });

  it('from a forgotten resourceVersion are told so', async () => {
    const from = await put('e1');
    const kube = createLocalKube(test.api.registry, 'test');
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'e1' };
    for (let round = 0; round < 200; round++) {
      await kube.patch(ref, { type: 'merge', patch: { data: { round: String(round) } } });
    }
    const [line] = await take(test.client.watch(`${MAPS}?watch=1&resourceVersion=${from}`), 1);
    assert.equal(line?.type, 'ERROR');
    assert.equal(line.object.code, 410);
    assert.equal(line.object.reason, 'Expired');
    assert.match(line.object.message ?? '', /too old resource version/);
  });

  it('of many clients each see all changes in order', async () => {
    const watchers = 30;
    const changes = 80;
    const from = await put('f0', { many: 'y' });
    const seen = Array.from({ length: watchers }, async () => {
      const events = test.client.watch(`${MAPS}?watch=1&resourceVersion=${from}&labelSelector=many`);
      const lines = await take(events, changes);
      await events.return(undefined);
      return lines.map(({ object }) => Number(object.metadata.resourceVersion));
    });
    await Promise.all(
      Array.from({ length: changes }, (_, index) =>
        test.client.call('POST', MAPS, { body: { metadata: { name: `f-${index}`, labels: { many: 'y' } } } }),
      ),
    );
    const all = await Promise.all(seen);
    assert.deepEqual(
      all[0],
      [...(all[0] ?? [])].sort((a, b) => a - b),
    );
    for (const revisions of all) assert.deepEqual(revisions, all[0]);
  });

  it('as tables send their columns once', async () => {
    await put('g1', { g: '1' });
    const response = await test.client.open('GET', `${MAPS}?watch=1&labelSelector=g&timeoutSeconds=1`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    await put('g2', { g: '1' });
    let body = '';
    for await (const chunk of response) body += String(chunk);
    const tables = body
      .trim()
      .split('\n')
      .map(
        (line) => (JSON.parse(line) as { object: { columnDefinitions: unknown; rows: unknown[] } }).object,
      );
    assert.equal(tables.length, 2);
    assert.ok(Array.isArray(tables[0]?.columnDefinitions), 'Array.isArray(tables[0]?.columnDefinitions)');
    assert.equal(tables[1]?.columnDefinitions, null);
  });
});

it('pages of a list are of one moment, whatever is written between them', async () => {
  await using test = await TestApi.start({ history: 100 });
  const create = (name: string) => test.client.call('POST', MAPS, { body: { metadata: { name } } });
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(create));
  const names: string[] = [];
  let next = '';
  let revision = '';
  do {
    const { body } = await test.client.call('GET', `${MAPS}?limit=2&continue=${next}`);
    names.push(...(body.items ?? []).map(({ metadata }) => metadata.name ?? ''));
    revision ||= body.metadata.resourceVersion ?? '';
    assert.equal(body.metadata.resourceVersion, revision);
    next = body.metadata.continue ?? '';
    await test.client.call('DELETE', `${MAPS}/d`);
    await create(`bb-${names.length}`);
  } while (next !== '');
  assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e']);
  const { body } = await test.client.call(
    'GET',
    `${MAPS}?resourceVersion=${revision}&resourceVersionMatch=Exact`,
  );
  assert.equal(body.items?.length, 5);
});
