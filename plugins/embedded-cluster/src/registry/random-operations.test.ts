import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TestApi } from '../api/testing/test-api.ts';
import type { Resource } from './resource.ts';
import { RandomOperations, shown } from './testing/random-operations.ts';

const SEED = Number(process.env['EPINIO_TEST_SEED'] ?? 20_260_101);
const OPERATIONS = 600;
const EVERYWHERE = { namespace: undefined, selector: undefined };

it('random operations have the results, lists, pages and watches that a model says', async (t) => {
  t.diagnostic(`seed ${SEED}; EPINIO_TEST_SEED=<number> tries another`);
  await using test = await TestApi.start({ history: 10 * OPERATIONS });
  const run = new RandomOperations(test.api.registry, random(SEED));
  const done = new Map<string, number>();
  for (let index = 0; index < OPERATIONS; index++) {
    const step = await run.step();
    done.set(step, (done.get(step) ?? 0) + 1);
    if (index % 20 === 0) run.checkWatches();
  }
  run.checkWatches();
  assert.equal(done.size, 8, 'everything was tried');

  const [from = 0] = run.model.revisions;
  const last = run.model.revisions.at(-1) ?? 0;
  const { revision } = test.api.registry.store;
  await test.restart();
  const { registry } = test.api;
  const configMaps = registry.catalog.findKind('v1', 'ConfigMap') as Resource;
  const listed = registry.list(configMaps, {});
  assert.deepEqual(listed.items.map(shown), run.model.list(EVERYWHERE), 'after a restart');
  assert.ok(listed.revision >= revision && revision >= last, 'the revision has not gone back');
  const watcher = registry.watch(configMaps, { resourceVersion: String(from) });
  const seen: string[] = [];
  for (let event = watcher.next(); event !== undefined; event = watcher.next())
    seen.push(`${event.type} ${event.stored.key} ${event.stored.object.metadata.resourceVersion ?? ''}`);
  assert.deepEqual(seen, run.model.eventsAfter(EVERYWHERE, from), 'the history has no gap');
});

/** mulberry32: the same numbers for the same seed. */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
