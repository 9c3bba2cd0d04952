import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildInputsHash } from './build-inputs.ts';
import { holdLease, LEASE_MS, mayHold } from './lease.ts';
import { Locks } from './lock.ts';

describe('locks', () => {
  it('let one at a time, in the order of asking, and go on after a failure', async () => {
    const locks = new Locks();
    const order: string[] = [];
    const work = async (name: string): Promise<void> => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
      if (name === 'a') throw new Error('failed');
    };
    const results = await Promise.allSettled([
      locks.run('x', () => work('a')),
      locks.run('x', () => work('b')),
      locks.run('y', () => work('c')),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    );
    assert.deepEqual(
      order.filter((entry) => !entry.startsWith('c')),
      ['a begins', 'a ends', 'b begins', 'b ends'],
    );
    assert.ok(
      order.indexOf('c begins') < order.indexOf('a ends'),
      "order.indexOf('c begins') < order.indexOf('a ends')",
    );
  });
});

describe('the hold on an application', () => {
  it('is taken when nobody has it, or who had it is gone', () => {
    const held = { records: [], lease: { holder: 'a', renewedAt: 1_000 } };
    assert.ok(mayHold({ records: [] }, 'b', 0), "mayHold({ records: [] }, 'b', 0)");
    assert.ok(mayHold(held, 'a', 1_000_000), 'its own');
    assert.ok(!mayHold(held, 'b', 1_000 + LEASE_MS), "!mayHold(held, 'b', 1_000 + LEASE_MS)");
    assert.ok(mayHold(held, 'b', 1_001 + LEASE_MS), "mayHold(held, 'b', 1_001 + LEASE_MS)");
    assert.deepEqual(holdLease(held, 'b', 2_000), {});
    assert.deepEqual(holdLease(held, 'a', 2_000), { lease: { holder: 'a', renewedAt: 2_000 } });
  });
});

describe('the inputs of a build', () => {
  it('are the same in whatever order variables come', () => {
    const base = { sha256: 'x', builderImage: 'b' };
    const one = buildInputsHash({ ...base, environment: { A: '1', B: '2' } });
    assert.equal(buildInputsHash({ ...base, environment: { B: '2', A: '1' } }), one);
    assert.notEqual(buildInputsHash({ ...base, environment: { A: '1', B: '3' } }), one);
    assert.notEqual(buildInputsHash({ ...base, sha256: 'y', environment: { A: '1', B: '2' } }), one);
  });
});
