import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ClusterProcess } from './support/cluster-process.ts';
import { EnduranceLoad } from './support/endurance-load.ts';

const OPERATIONS = 1_500;
const ROUNDS = 3;
/** What a kilobyte kept for each operation between the first measurement and the last would exceed. */
const MAX_GROWTH_MB = 3;

it('does not grow with what is asked of it', { timeout: 600_000 }, async (t) => {
  const seed = Number(process.env['ENDURANCE_SEED'] ?? Date.now() % 1_000_000_000);
  t.diagnostic(`ENDURANCE_SEED=${seed}`);
  // A short history is full after the first round: from then on it replaces what it holds.
  await using cluster = await ClusterProcess.start({ history: 200 });
  using load = new EnduranceLoad(cluster.kubeconfigFile, seed);
  const heapMb: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const until = load.operations + OPERATIONS;
    await load.run(() => load.operations >= until);
    heapMb.push((await cluster.memory()).heapMb);
  }
  t.diagnostic(
    `${load.operations} operations, heap after each round: ${heapMb.map((mb) => mb.toFixed(1)).join(' ')} MB`,
  );
  const [, first = NaN] = heapMb; // the one before compiled and cached
  const growth = (heapMb.at(-1) ?? NaN) - first;
  assert.ok(growth < MAX_GROWTH_MB, `it grew by ${growth.toFixed(1)} MB`);
});
