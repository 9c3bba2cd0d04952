import { hasCode } from '@epinio/core';
import { Store } from '../store.ts';

/*
 * Run by the test of a full disk in a process that may not write big files: fills the store until it refuses, then
 * tells on stdout how many writes were acknowledged and whether it still reads.
 */
process.on('SIGXFSZ', () => undefined); // the write that is too big then fails, as it does on a full disk
const [directory = ''] = process.argv.slice(2);
const store = await Store.open({ directory, history: 100 });
const write = (key: string) =>
  store.write('/things', key, () => ({
    type: 'put',
    object: { kind: 'Thing', apiVersion: 'v1', metadata: { name: key }, value: 'x'.repeat(50_000) },
  }));

let acknowledged = 0;
let refused = 0;
while (refused < 3) {
  try {
    await write(`k${acknowledged}`);
    acknowledged++;
  } catch (error) {
    if (!hasCode(error, 'CLUSTER_DATABASE_WRITE')) throw error;
    refused++;
  }
}
const readable = store
  .collection('/things')
  .list()
  .filter(({ object }) => object.kind === 'Thing').length;
process.stdout.write(`${JSON.stringify({ acknowledged, readable })}\n`);
process.exit(0);
