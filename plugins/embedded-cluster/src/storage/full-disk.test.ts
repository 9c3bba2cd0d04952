import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { Store } from './store.ts';

/** The biggest file that the writer may have, in blocks of 512 bytes: 4 MB. */
const BLOCKS = 8192;

it('refuses writes when the disk is full, reads on, and goes on writing when there is room', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'epinio-full-'));
  try {
    const writer = join(import.meta.dirname, 'testing', 'full-disk-writer.ts');
    const node = [...process.execArgv.filter((arg) => !arg.startsWith('--test')), writer, directory];
    const limited = ['-c', `ulimit -f ${BLOCKS} && exec "$@"`, 'sh', process.execPath, ...node];
    const { stdout } = await promisify(execFile)('sh', limited, { timeout: 60_000 });
    const { acknowledged, readable } = JSON.parse(stdout) as { acknowledged: number; readable: number };
    assert.ok(acknowledged > 10, `${acknowledged} writes were acknowledged`);
    assert.equal(readable, acknowledged);

    const store = await Store.open({ directory, history: 100 });
    assert.equal(
      store.collection('/things').size,
      acknowledged,
      'what was acknowledged is there, what was refused is not',
    );
    const object = { kind: 'Thing', apiVersion: 'v1', metadata: { name: 'more' } };
    const written = await store.write('/things', 'more', () => ({ type: 'put', object }));
    assert.ok((written?.revision ?? 0) > acknowledged, '(written?.revision ?? 0) > acknowledged');
    await store.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
