import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { IncomingMessage } from 'node:http';
import { eventually } from '@epinio/core/testkit';
import { createLocalKube } from './local-kube.ts';
import { TestApi } from './testing/test-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const WATCHES = 100;
const CHANGES = 10_000;
/** Changes that are made at once. */
const BATCH = 200;

it('100 watches see all of 10,000 changes, in order', { timeout: 300_000 }, async () => {
  await using test = await TestApi.start();
  const from = Number((await test.client.call('GET', MAPS)).body.metadata.resourceVersion);
  const watches = await Promise.all(
    Array.from({ length: WATCHES }, async () => {
      const response = await test.client.open('GET', `${MAPS}?watch=1&resourceVersion=${from}`);
      return new Revisions(response);
    }),
  );
  const kube = createLocalKube(test.api.registry, 'test');
  const metadata = (index: number) => ({ name: `m${index % 500}`, namespace: 'default' });
  for (let made = 0; made < CHANGES; made += BATCH) {
    await Promise.all(
      Array.from({ length: BATCH }, (_, index) =>
        made + index < 500
          ? kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(made + index) })
          : kube.patch(
              { apiVersion: 'v1', kind: 'ConfigMap', ...metadata(made + index) },
              { type: 'merge', patch: { data: { made: String(made + index) } } },
            ),
      ),
    );
    // The watches are of this process, too: they get a turn before they are out of the history.
    await eventually(
      () =>
        assert.ok(
          watches.every(({ count }) => count >= made - BATCH),
          'too slow',
        ),
      60_000,
    );
  }
  await eventually(
    () =>
      assert.ok(
        watches.every(({ count }) => count >= CHANGES),
        'not all is seen',
      ),
    60_000,
  );
  for (const { count, last, isRising } of watches) {
    assert.equal(count, CHANGES);
    assert.equal(last, test.api.registry.store.revision);
    assert.ok(isRising, 'changes were shown out of order');
  }
});

it('a watch that takes nothing is ended when its place in the history is gone, and holds no memory', async () => {
  await using test = await TestApi.start({ history: 100 });
  const from = (await test.client.call('GET', MAPS)).body.metadata.resourceVersion ?? '';
  const path = `${MAPS}?watch=1&resourceVersion=${from}`;
  const slow = await test.client.open('GET', path);
  const ended = new Promise<void>((resolve) => slow.once('close', () => resolve()));
  slow.on('error', () => undefined); // cut off: that is what is expected
  slow.pause();
  const kube = createLocalKube(test.api.registry, 'test');
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big', namespace: 'default' } });
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'big' };
  // Far more than what the kernel keeps for a connection.
  for (let round = 0; round < 400; round++) {
    await kube.patch(ref, { type: 'merge', patch: { data: { big: `${round}${'x'.repeat(100_000)}` } } });
  }
  let taken = 0;
  slow.on('data', (chunk: Buffer) => (taken += chunk.length));
  slow.resume();
  await ended;
  assert.ok(!slow.complete, 'it was told that this is all');
  assert.ok(taken < 30_000_000, `${taken} bytes were kept for it`);

  // As a client does: it goes on from where it was, is told that this is gone, and lists again.
  const again = test.client.watch(path);
  const { value } = (await again.next()) as { value: { type: string; object: { code?: number } } };
  assert.deepEqual([value.type, value.object.code], ['ERROR', 410]);
  await again.return(undefined);
});

/** The resourceVersions that a watch shows, read without parsing a million objects. */
class Revisions {
  count = 0;
  last = 0;
  isRising = true;
  #rest = '';

  constructor(response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
  }

  #take(line: string): void {
    const mark = line.indexOf('"resourceVersion":"') + 19;
    const revision = Number(line.slice(mark, line.indexOf('"', mark)));
    if (!(revision > this.last)) this.isRising = false;
    this.last = revision;
    this.count += 1;
  }
}
