import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { hasCode } from '@epinio/core';
import { open } from 'lmdb';
import { Store } from './store.ts';

const ROUNDS = 120;

it('a database that is damaged in any way is refused, or has everything still', async (t) => {
  const seed = Number(process.env['DAMAGE_SEED'] ?? Date.now() % 1_000_000_000);
  t.diagnostic(`DAMAGE_SEED=${seed}`);
  await withFilledStore(async (directory) => {
    const program = join(import.meta.dirname, 'testing', 'damage-files.ts');
    const node = process.execArgv.filter((arg) => !arg.startsWith('--test'));
    const args = [...node, program, directory, String(seed), String(ROUNDS)];
    // A process that LMDB ended has said which damage was the last.
    const { stdout } = await promisify(execFile)(process.execPath, args).catch((error: unknown) => {
      const { stdout = '', signal } = error as { stdout?: string; signal?: string };
      assert.fail(`the process was ended by ${signal ?? String(error)}:\n${stdout}`);
    });
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, ROUNDS);
    assert.deepEqual(
      lines.filter((line) => !/: (same|refused)$/.test(line)),
      [],
    );
    const refused = lines.filter((line) => line.endsWith('refused')).length;
    assert.ok(refused > ROUNDS / 4, `only ${refused} of ${ROUNDS} damages were noticed`);
  });
});

it('a database of a newer version is refused, and left as it is', async () => {
  await withFilledStore(async (directory) => {
    const file = join(directory, 'cluster.mdb');
    const root = open<string, string>({ path: file, noSubdir: true, maxDbs: 4, overlappingSync: false });
    await root.openDB<number, string>({ name: 'meta', encoding: 'json' }).put('format', 2);
    await root.close();
    const before = readFileSync(file);
    await assert.rejects(Store.open({ directory, history: 100 }), (error) => {
      assert.ok(hasCode(error, 'CLUSTER_DATABASE_VERSION'), String(error));
      assert.match((error as { fix?: string }).fix ?? '', /version of epinio/);
      return true;
    });
    assert.ok(before.equals(readFileSync(file)), 'the file was changed');
    // As LMDB itself would number a newer layout of its file.
    const newer = Buffer.from(before);
    newer.writeUInt32LE(3, 28);
    writeFileSync(file, newer);
    await assert.rejects(Store.open({ directory, history: 100 }), (error) =>
      hasCode(error, 'CLUSTER_DATABASE_CORRUPT'),
    );
  });
});

async function withFilledStore(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'epinio-damage-'));
  try {
    const store = await Store.open({ directory, history: 100 });
    for (let round = 0; round < 6; round++) {
      await Promise.all(
        Array.from({ length: 60 }, (_, index) => {
          const name = `k${round * 20 + index}`;
          const object = {
            kind: 'Thing',
            apiVersion: 'v1',
            metadata: { name },
            value: 'v'.repeat(index * 100),
          };
          return store.write('/things', name, () => ({ type: 'put', object }));
        }),
      );
    }
    await store.close();
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
