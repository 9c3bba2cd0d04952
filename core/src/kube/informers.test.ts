import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../adapters/system-clock.ts';
import type { KubeObject } from '../kernel/component.ts';
import type { InformerEvent } from '../ports/informer.ts';
import { FakeClock } from '../testkit/fake-clock.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import { FakeLog } from '../testkit/fake-log.ts';
import { createInformers, type OwnedInformers } from './informers.ts';

const MAPS = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
const WIDGETS = { apiVersion: 'kit.epinio.io/v1', kind: 'Widget' } as const;

function map(name: string, namespace = 'default', rest: object = {}): KubeObject {
  return { ...MAPS, metadata: { name, namespace }, data: { key: 'value' }, ...rest };
}

function over(kube: FakeKube, log = new FakeLog()): OwnedInformers {
  return createInformers(kube, { log, clock: systemClock, random: () => 0 });
}

/** Collects events as "type name", and waits for a number of them. */
function record(subscribe: (listener: (event: InformerEvent<KubeObject>) => void) => () => void): {
  readonly seen: string[];
  reaches(count: number): Promise<string[]>;
} {
  const seen: string[] = [];
  let changed: () => void = () => undefined;
  subscribe(({ type, object }) => {
    seen.push(`${type} ${object.metadata.name}`);
    changed();
  });
  return {
    seen,
    async reaches(count) {
      const deadline = AbortSignal.timeout(5_000);
      while (seen.length < count) {
        await new Promise<void>((resolve, reject) => {
          changed = resolve;
          deadline.addEventListener('abort', () => reject(new Error(`saw only ${seen.join(', ')}`)), {
            once: true,
          });
        });
      }
      return seen;
    },
  };
}

test('one list and one watch serve all readers of a collection', async () => {
  const kube = new FakeKube({ namespaces: ['other'], objects: [map('a'), map('b'), map('c', 'other')] });
  await using informers = over(kube);
  const readers = Array.from({ length: 5 }, () => informers.open(MAPS));
  await Promise.all(readers.map((reader) => reader.synced()));
  const changes = readers.map((reader) => record((listener) => reader.subscribe(listener)));
  await kube.create(map('d'));
  await Promise.all(changes.map((events) => events.reaches(1)));
  for (const reader of readers) {
    assert.deepEqual(
      reader
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
      ['a', 'b', 'c', 'd'],
    );
    assert.deepEqual(
      reader.list('other').map(({ metadata }) => metadata.name),
      ['c'],
    );
    assert.deepEqual(reader.list('none'), []);
    assert.equal(reader.get('other', 'c')?.metadata.namespace, 'other');
    assert.equal(reader.get('default', 'c'), undefined);
  }
  assert.deepEqual([kube.counts.list, kube.counts.watch], [1, 1]);
  await informers.open(MAPS, { labelSelector: 'a=b' }).synced();
  assert.deepEqual([kube.counts.list, kube.counts.watch], [2, 2]);
});

test('events come in order, and objects are without managed fields and never altered', async () => {
  const kube = new FakeKube();
  await using informers = over(kube);
  const maps = informers.open(MAPS);
  const events = record((listener) => maps.subscribe(listener));
  await maps.synced();
  const before = maps.list();
  kube.seed(
    map('a', 'default', { metadata: { name: 'a', namespace: 'default', managedFields: [{ manager: 'x' }] } }),
  );
  await kube.patch(
    { ...MAPS, namespace: 'default', name: 'a' },
    { type: 'merge', patch: { data: { key: 'new' } } },
  );
  await events.reaches(2);
  assert.equal('managedFields' in (maps.get('default', 'a')?.metadata ?? {}), false);
  await kube.delete({ ...MAPS, namespace: 'default', name: 'a' });
  assert.deepEqual(await events.reaches(3), ['added a', 'modified a', 'deleted a']);
  assert.deepEqual(before, []);
  assert.deepEqual(maps.list(), []);
});

test('after an outage it goes on from where it was, without a new list', async () => {
  const kube = new FakeKube({ objects: [map('a'), map('b')] });
  const log = new FakeLog();
  await using informers = over(kube, log);
  const maps = informers.open(MAPS);
  await maps.synced();
  await watching(kube);
  const events = record((listener) => maps.subscribe(listener));
  kube.goOffline();
  kube.goOnline();
  await kube.delete({ ...MAPS, namespace: 'default', name: 'a' });
  await kube.create(map('c'));
  assert.deepEqual(await events.reaches(2), ['deleted a', 'added c']);
  assert.equal(kube.counts.list, 1);
  assert.deepEqual(
    log.entries.filter(({ level }) => level !== 'debug'),
    [],
  );
});

test('a server that closes watches is watched again', async () => {
  const kube = new FakeKube();
  await using informers = over(kube);
  const maps = informers.open(MAPS);
  await maps.synced();
  const events = record((listener) => maps.subscribe(listener));
  for (const name of ['a', 'b', 'c']) {
    await watching(kube);
    kube.disconnect();
    await kube.create(map(name));
  }
  assert.deepEqual(await events.reaches(3), ['added a', 'added b', 'added c']);
  assert.equal(kube.counts.list, 1);
});

test('when the history is gone it lists again and tells what was missed', async () => {
  const kube = new FakeKube({ objects: [map('changed'), map('gone'), map('same'), map('remade')] });
  await using informers = over(kube);
  const maps = informers.open(MAPS);
  await maps.synced();
  await watching(kube);
  const same = maps.get('default', 'same');
  const events = record((listener) => maps.subscribe(listener));
  kube.goOffline();
  kube.goOnline();
  const named = (name: string) => ({ ...MAPS, namespace: 'default', name });
  await kube.delete(named('gone'));
  await kube.delete(named('remade'));
  await kube.create(map('remade'));
  await kube.patch(named('changed'), { type: 'merge', patch: { data: { key: 'new' } } });
  await kube.create(map('new'));
  kube.forgetHistory();
  assert.deepEqual((await events.reaches(5)).toSorted(), [
    'added new',
    'added remade',
    'deleted gone',
    'deleted remade',
    'modified changed',
  ]);
  assert.ok(
    events.seen.indexOf('deleted remade') < events.seen.indexOf('added remade'),
    "events.seen.indexOf('deleted remade') < events.seen.indexOf('added remade')",
  );
  assert.equal(maps.get('default', 'same'), same);
});

test('a bookmark moves the position, so that an old history is not needed', async () => {
  const kube = new FakeKube();
  await using informers = over(kube);
  const maps = informers.open(MAPS);
  await maps.synced();
  await watching(kube);
  kube.forgetHistory();
  kube.sendBookmarks();
  await new Promise((resolve) => setImmediate(resolve));
  const events = record((listener) => maps.subscribe(listener));
  kube.disconnect();
  await kube.create(map('a'));
  await events.reaches(1);
  assert.equal(kube.counts.list, 1);
});

test('a kind that is not installed yet is an empty collection, and is seen soon after it is', async () => {
  const kube = new FakeKube({ requireDefinitions: true });
  const log = new FakeLog();
  await using informers = over(kube, log);
  const widgets = informers.open(WIDGETS);
  await widgets.synced();
  assert.deepEqual(widgets.list(), []);
  const events = record((listener) => widgets.subscribe(listener));
  const spec = { group: 'kit.epinio.io', scope: 'Namespaced', names: { kind: 'Widget', plural: 'widgets' } };
  kube.seed({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.kit.epinio.io' },
    spec: { ...spec, versions: [{ name: 'v1', served: true }] },
  });
  await kube.create({ ...WIDGETS, metadata: { name: 'w', namespace: 'default' } });
  assert.deepEqual(await events.reaches(1), ['added w']);
  assert.deepEqual(
    log.entries.filter(({ level }) => level !== 'debug'),
    [],
  );
});

test('an outage that lasts is warned of once, and its end is told', async () => {
  const kube = new FakeKube({ objects: [map('a')] });
  const [log, clock] = [new FakeLog(), new FakeClock()];
  await using informers = createInformers(kube, { log, clock, random: () => 0 });
  kube.goOffline();
  const maps = informers.open(MAPS);
  await clock.advance(60_000);
  const loud = (): string[] =>
    log.entries.filter(({ level }) => level !== 'debug').map(({ level, message }) => `${level} ${message}`);
  assert.deepEqual(loud(), ['warn Watch was interrupted']);
  assert.ok(kube.counts.list < 30, `${kube.counts.list} attempts in a minute`);
  kube.goOnline();
  await clock.advance(10_000);
  await maps.synced();
  await kube.create(map('b'));
  await clock.advance(1);
  assert.deepEqual(loud(), ['warn Watch was interrupted', 'info Watch is up again']);
});

test('a listener that throws is logged, and the others go on', async () => {
  const kube = new FakeKube();
  const log = new FakeLog();
  await using informers = over(kube, log);
  const maps = informers.open(MAPS);
  maps.subscribe(() => {
    throw new Error('bug');
  });
  const events = record((listener) => maps.subscribe(listener));
  await maps.synced();
  await kube.create(map('a'));
  await events.reaches(1);
  const [entry] = log.entries.filter(({ level }) => level === 'error');
  assert.deepEqual(entry?.fields, { kind: 'ConfigMap', namespace: 'default', name: 'a', error: 'bug' });
});

test('an ended subscription gets nothing more', async () => {
  const kube = new FakeKube();
  await using informers = over(kube);
  const maps = informers.open(MAPS);
  await maps.synced();
  let calls = 0;
  const end = maps.subscribe(() => (calls += 1));
  const events = record((listener) => maps.subscribe(listener));
  await kube.create(map('a'));
  await events.reaches(1);
  end();
  await kube.create(map('b'));
  await events.reaches(2);
  assert.equal(calls, 1);
});

test('waitFor: now, later, and when the object goes', async () => {
  const kube = new FakeKube({ objects: [map('a')] });
  await using informers = over(kube);
  const ref = { ...MAPS, namespace: 'default', name: 'a' };
  const options = { timeoutMs: 5_000 };
  const now = await informers.waitFor(ref, 'map "a"', (object) => object !== undefined, options);
  assert.equal(now?.metadata.name, 'a');
  const changed = informers.waitFor(ref, 'the new key', (object) => keyOf(object) === 'new', options);
  const gone = informers.waitFor(ref, 'map "a" to go', (object) => object === undefined, options);
  await kube.patch(ref, { type: 'merge', patch: { data: { key: 'new' } } });
  assert.equal(keyOf(await changed), 'new');
  await kube.delete(ref);
  assert.equal(await gone, undefined);
  assert.equal(kube.openWatches, 0);
});

test('waitFor: a deadline names what was waited for, and why it could not be seen', async () => {
  const kube = new FakeKube();
  const clock = new FakeClock();
  await using informers = createInformers(kube, { log: new FakeLog(), clock });
  const ref = { ...MAPS, namespace: 'default', name: 'a' };
  const waiting = informers.waitFor(ref, 'map "a" to appear', (object) => object !== undefined, {
    timeoutMs: 90_000,
  });
  const failed = assert.rejects(waiting, {
    code: 'WAIT_TIMEOUT',
    message: 'Waited 90 s for map "a" to appear, in vain',
    details: ['The Kubernetes API of this test does not answer'],
  });
  await clock.advance(10_000);
  kube.goOffline();
  await clock.advance(80_000);
  await failed;
  assert.equal(clock.sleepers, 0);
});

test('waitFor: an abort, a condition that throws, and the end of the informers', async () => {
  const kube = new FakeKube();
  await using informers = over(kube);
  const ref = { ...MAPS, namespace: 'default', name: 'a' };
  const never = (): boolean => false;
  const stop = new AbortController();
  const aborted = informers.waitFor(ref, 'never', never, { timeoutMs: 60_000, signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  const bug = informers.waitFor(
    ref,
    'a bug',
    () => {
      throw new Error('bug');
    },
    { timeoutMs: 60_000 },
  );
  await assert.rejects(bug, /bug/);
  const closed = informers.waitFor(ref, 'never', never, { timeoutMs: 60_000 });
  await informers.close();
  await assert.rejects(closed, { code: 'INFORMERS_CLOSED' });
  assert.throws(() => informers.open(MAPS), { code: 'INFORMERS_CLOSED' });
});

test('closing ends every watch and everyone who waits for the first list', async () => {
  const kube = new FakeKube({ objects: [map('a')] });
  const informers = over(kube);
  const maps = informers.open(MAPS);
  await maps.synced();
  await watching(kube);
  kube.goOffline();
  const late = informers.open(WIDGETS).synced();
  const failed = assert.rejects(late, { code: 'INFORMERS_CLOSED' });
  await informers.close();
  await informers.close();
  await failed;
  assert.equal(kube.openWatches, 0);
  assert.deepEqual(
    maps.list().map(({ metadata }) => metadata.name),
    ['a'],
  );
});

function keyOf(object: KubeObject | undefined): string | undefined {
  return (object?.['data'] as { readonly key?: string } | undefined)?.key;
}

/** Until a watch is open: an informer opens it a moment after its list. */
async function watching(kube: FakeKube): Promise<void> {
  for (let turn = 0; kube.openWatches === 0; turn += 1) {
    assert.ok(turn < 1_000_000, 'no watch was opened');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
