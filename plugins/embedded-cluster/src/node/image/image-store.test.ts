import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually, FakeLog, systemClock } from '@epinio/core/testkit';
import { ImageRegistry } from '../testkit/image-registry.ts';
import { ImageStore } from './image-store.ts';

const base = mkdtempSync(join(tmpdir(), 'epinio-images-'));
after(() => rmSync(base, { recursive: true, force: true }));
const never = new AbortController().signal;

function open(folder: string, { boot = 'boot-1', cacheBytes = 1e9 } = {}): ImageStore {
  return new ImageStore({
    folder,
    boot,
    cacheBytes,
    forAllUsers: false,
    hostPath: '',
    log: new FakeLog(),
    clock: systemClock,
  });
}

async function ensure(store: ImageStore, reference: string, pulls: string[] = []) {
  return await store.ensure({
    ...{ reference, policy: 'IfNotPresent', signal: never },
    auths: async () => ({}),
    onPull: () => pulls.push(reference),
  });
}

test('many who need an image wait for one pull, and later ones need none', async () => {
  await using registry = await ImageRegistry.start();
  const reference = await registry.add('app', [{ at: 'workspace/a', content: 'hello' }], { Env: ['A=1'] });
  const folder = join(base, 'shared');
  const store = open(folder);
  const images = await Promise.all([1, 2, 3].map(() => ensure(store, reference)));
  const layers = registry.requests.filter((path) => path.includes('/blobs/'));
  assert.equal(layers.length, 2, 'config and layer, once');
  assert.deepEqual(images[0]?.config.Env, ['A=1']);
  assert.equal(readFileSync(join(images[0].root.folder, 'workspace/a'), 'utf8'), 'hello');
  assert.equal(images[0].root.hasSystem, false);

  const pulls: string[] = [];
  await ensure(open(folder), reference, pulls);
  await ensure(open(folder), `${registry.host}/app@${images[0].digest}`, pulls);
  assert.deepEqual(pulls, []);
});

test('an image of another boot is used only if it was safe on the disk before', async () => {
  await using registry = await ImageRegistry.start();
  const reference = await registry.add('app', [{ at: 'workspace/a', content: 'hello' }]);
  const folder = join(base, 'boots');
  const { digest, root } = await ensure(open(folder), reference);
  const marker = join(root.folder, '../durable');
  await eventually(() => assert.equal(existsSync(marker), true));
  assert.equal(open(folder, { boot: 'boot-2' }).find(digest)?.digest, digest);
  rmSync(marker);
  assert.equal(open(folder, { boot: 'boot-2' }).find(digest), undefined);
  const pulls: string[] = [];
  await ensure(open(folder, { boot: 'boot-2' }), reference, pulls);
  assert.deepEqual(pulls, [reference], 'it is pulled again');
});

test('unused images are removed when they are too many, longest unused first; a pull that was cut off leaves nothing', async () => {
  await using registry = await ImageRegistry.start();
  const folder = join(base, 'swept');
  const content = 'x'.repeat(1000);
  const references = await Promise.all(
    ['a', 'b', 'c'].map((name) => registry.add(name, [{ at: `workspace/${name}`, content }])),
  );
  const store = open(folder, { cacheBytes: 1500 });
  const digests: string[] = [];
  for (const reference of references) digests.push((await ensure(store, reference)).digest);
  await store.sweep(new Set([digests[0] ?? '']));
  const present = digests.map((digest) => store.find(digest) !== undefined);
  assert.deepEqual(present, [true, false, true], 'in use, oldest, newest');
  assert.equal(readdirSync(join(folder, 'references')).length, 2);

  writeFileSync(join(folder, 'sha256-0.1234.tmp'), '');
  open(folder);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('a sweep leaves pulls alone that are under way', async () => {
  await using registry = await ImageRegistry.start();
  const reference = await registry.add('app', [{ at: 'workspace/a', content: 'hello' }]);
  const store = open(join(base, 'swept-meanwhile'), { cacheBytes: 1 });
  registry.beforeBlob = () => store.sweep(new Set());
  const { root } = await ensure(store, reference);
  assert.equal(readFileSync(join(root.folder, 'workspace/a'), 'utf8'), 'hello');
});

test('what cannot be pulled leaves nothing behind', async () => {
  await using registry = await ImageRegistry.start();
  const folder = join(base, 'failed');
  await assert.rejects(ensure(open(folder), `${registry.host}/none:v1`), { code: 'REGISTRY_NOT_FOUND' });
  const reference = await registry.add('damaged', [{ at: 'workspace/a', content: 'hello' }]);
  registry.damageLayers();
  await assert.rejects(ensure(open(folder), reference));
  assert.deepEqual(readdirSync(folder), ['references']);
});
