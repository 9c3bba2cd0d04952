import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hasCode } from '@epinio/core';
import type { ApiObject } from './api-object.ts';
import { Store, type Next } from './store.ts';

const THINGS = 'example.com/things';

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'epinio-store-'));
  open(history = 100): Promise<Store> {
    return Store.open({ directory: this.path, history });
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function thing(name: string, value: unknown = 0): ApiObject {
  return { kind: 'Thing', apiVersion: 'example.com/v1', metadata: { name }, value };
}

const put =
  (object: ApiObject): (() => Next) =>
  () => ({ type: 'put', object });
const remove =
  (object: ApiObject): (() => Next) =>
  () => ({ type: 'delete', object });

describe('the store', () => {
  it('shows a write when it is durable, and gives every write a higher revision', async () => {
    using folder = new Folder();
    const store = await folder.open();
    const writes = ['a', 'b', 'c'].map((name) => store.write(THINGS, name, put(thing(name))));
    assert.equal(store.collection(THINGS).size, 0, 'nothing is shown before it is on disk');
    const written = await Promise.all(writes);
    assert.deepEqual(
      written.map((stored) => stored?.revision),
      [1, 2, 3],
    );
    assert.equal(store.collection(THINGS).get('b')?.object.metadata.resourceVersion, '2');
    assert.equal(store.revision, 3);
    await store.close();
  });

  it('decides each write on the newest version, committed or not', async () => {
    using folder = new Folder();
    const store = await folder.open();
    const counts = Array.from({ length: 50 }, () =>
      store.write(THINGS, 'counter', (current) => ({
        type: 'put',
        object: thing('counter', Number(current?.object['value'] ?? 0) + 1),
      })),
    );
    await Promise.all(counts);
    assert.equal(store.collection(THINGS).get('counter')?.object['value'], 50);
    await store.close();
  });

  it('writes nothing when the decision is to keep or to refuse', async () => {
    using folder = new Folder();
    const store = await folder.open();
    await store.write(THINGS, 'a', put(thing('a')));
    const kept = await store.write(THINGS, 'a', () => ({ type: 'keep' }));
    assert.equal(kept?.revision, 1);
    const refuse = (): Next => {
      throw new Error('no');
    };
    await assert.rejects(store.write(THINGS, 'a', refuse), /no/);
    await assert.rejects(store.write(THINGS, 'big', put(thing('big', 'x'.repeat(2_000_000)))), /too large/);
    assert.equal(store.revision, 1);
    await store.close();
  });

  it('lists in key order, and as it was at an older revision', async () => {
    using folder = new Folder();
    const store = await folder.open();
    for (const name of ['n/b', 'n/a', 'm/z', 'n/c']) await store.write(THINGS, name, put(thing(name)));
    const collection = store.collection(THINGS);
    const keys = (prefix: string): string[] => collection.list(prefix).map(({ key }) => key);
    assert.deepEqual(keys(''), ['m/z', 'n/a', 'n/b', 'n/c']);
    assert.deepEqual(keys('n/'), ['n/a', 'n/b', 'n/c']);
    await store.write(THINGS, 'n/a', remove(thing('n/a')));
    await store.write(THINGS, 'n/b', put(thing('n/b', 'new')));
    await store.write(THINGS, 'n/d', put(thing('n/d')));
    const then = collection.snapshot('n/', 4)?.map(({ key, object }) => [key, object['value']]);
    assert.deepEqual(then, [
      ['n/a', 0],
      ['n/b', 0],
      ['n/c', 0],
    ]);
    assert.deepEqual(keys('n/'), ['n/b', 'n/c', 'n/d']);
    await store.close();
  });

  it('is the same after it was opened again, whatever happened to it', async () => {
    using folder = new Folder();
    const history = 100;
    let store = await folder.open(history);
    const model = new Map<string, number>();
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    for (let round = 0; round < 6; round++) {
      const writes: Promise<unknown>[] = [];
      for (let step = 0; step < 150; step++) {
        const key = `k${random(20)}`;
        const value = random(1_000_000);
        if (random(4) === 0 && model.has(key)) {
          model.delete(key);
          writes.push(store.write(THINGS, key, remove(thing(key))));
        } else {
          model.set(key, value);
          writes.push(store.write(THINGS, key, put(thing(key, value))));
        }
        if (random(5) === 0) await Promise.all(writes);
      }
      await Promise.all(writes);
      const { revision } = store;
      await store.close();
      store = await folder.open(history);
      assert.equal(store.revision, revision);
      const found = store
        .collection(THINGS)
        .list()
        .map(({ key, object }) => [key, object['value']]);
      assert.deepEqual(
        found,
        [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
      );
      assert.ok(store.collection(THINGS).history.end <= history * 1.25, 'the history is bounded');
    }
    await store.close();
  });

  it('does not grow with writes to the same object', async () => {
    using folder = new Folder();
    const store = await folder.open(100);
    const churn = async (): Promise<number> => {
      for (let round = 0; round < 20; round++) {
        await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            store.write(THINGS, 'a', put(thing('a', `${round} ${index} ${'x'.repeat(500)}`))),
          ),
        );
      }
      return statSync(join(folder.path, 'cluster.mdb')).size;
    };
    const before = await churn();
    assert.ok((await churn()) <= before * 1.2, 'the file keeps its size');
    await store.close();
  });
});

describe('a damaged database', () => {
  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ['is empty', (file) => writeFileSync(file, '')],
    ['is cut off', (file) => truncateSync(file, statSync(file).size / 2)],
    ['is something else', (file) => writeFileSync(file, 'x'.repeat(100_000))],
    ['has overwritten pages', (file) => overwrite(file, Buffer.alloc(4096 * 6, 0xff), 4096 * 3)],
    ['has a changed letter', (file) => flip(file)],
  ];
  for (const [name, damage] of damages) {
    it(`that ${name} is refused with what to do, and left as it is`, async () => {
      using folder = new Folder();
      const store = await folder.open();
      await Promise.all(
        Array.from({ length: 300 }, (_, index) =>
          store.write(THINGS, `k${index}`, put(thing(`k${index}`, 'value '.repeat(50)))),
        ),
      );
      await store.close();
      const file = join(folder.path, 'cluster.mdb');
      damage(file);
      cpSync(file, `${file}.copy`);
      await assert.rejects(folder.open(), (error) => {
        assert.ok(hasCode(error, 'CLUSTER_DATABASE_CORRUPT'), String(error));
        assert.match(String((error as { fix?: string }).fix), /backup/);
        return true;
      });
      assert.equal(statSync(file).size, statSync(`${file}.copy`).size);
    });
  }

  it('is not what a crash while it is first made leaves behind', async () => {
    using folder = new Folder();
    writeFileSync(join(folder.path, 'cluster.mdb.new'), 'half');
    const store = await folder.open();
    assert.equal(store.revision, 0);
    await store.close();
    assert.deepEqual(
      readdirSync(folder.path).filter((file) => file.includes('.new')),
      [],
    );
    assert.ok(existsSync(join(folder.path, 'cluster.mdb')), "existsSync(join(folder.path, 'cluster.mdb'))");
  });
});

function overwrite(file: string, bytes: Buffer, position: number): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, position);
  closeSync(descriptor);
}

/** Changes one letter of every value, as a bad disk would. */
function flip(file: string): void {
  const content = Buffer.from(readFileSync(file));
  for (let at = content.indexOf('value value'); at >= 0; at = content.indexOf('value value', at + 1000))
    content[at] = 0x56;
  writeFileSync(file, content);
}
