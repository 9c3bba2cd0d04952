import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { Store } from './store.ts';

const CLIENTS = 8;
const KILLS = 4;

it('loses no acknowledged write to kill -9, and no revision goes back', { timeout: 120_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'epinio-crash-'));
  try {
    let highest = 0;
    const acknowledged = new Map<string, number>();
    for (let kill = 0; kill < KILLS; kill++) {
      // Killed after a different number of acknowledgements each time, in the middle of whatever goes on then.
      const revision = await writeUntilKilled(directory, 150 + kill * 137, acknowledged);
      const store = await Store.open({ directory, history: 200 });
      for (const [client, value] of acknowledged) {
        const found = Number(store.collection('/counters').get(`c${client}`)?.object['value']);
        assert.ok(found >= value, `client ${client} was promised ${value}, the store has ${found}`);
        assert.ok(found <= value + 1, `client ${client} has ${found}, though only ${value} was acknowledged`);
        acknowledged.set(client, found);
      }
      assert.ok(
        store.revision >= revision && revision > highest,
        `${store.revision} after ${revision} after ${highest}`,
      );
      highest = store.revision;
      await store.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** @returns the highest revision that was acknowledged */
async function writeUntilKilled(
  directory: string,
  writes: number,
  acknowledged: Map<string, number>,
): Promise<number> {
  const script = join(import.meta.dirname, 'testing', 'crash-writer.ts');
  const writer = spawn(
    process.execPath,
    [...process.execArgv.filter((arg) => !arg.startsWith('--test')), script, directory, String(CLIENTS)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = new Promise<void>((resolve) => writer.once('exit', () => resolve()));
  let seen = 0;
  let highest = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    const [client = '', value = '', revision] = line.split(' ');
    if (revision === undefined) continue;
    acknowledged.set(client, Math.max(acknowledged.get(client) ?? 0, Number(value)));
    highest = Math.max(highest, Number(revision));
    if (++seen === writes) writer.kill('SIGKILL');
  }
  await exited;
  assert.ok(seen >= writes, `the writer ended by itself after ${seen} writes`);
  return highest;
}
