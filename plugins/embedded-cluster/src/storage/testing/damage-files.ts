import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '@epinio/core';
import { Store } from '../store.ts';

/*
 * Run by the test of damaged databases in a process of its own, since what LMDB does with a damage that was not
 * noticed is to end the process: damages copies of a database at random, opens each, and tells on stdout what came
 * of it, a line each: "refused", "same", or what is wrong.
 */
const [directory = '', seedText = '1', roundsText = '10'] = process.argv.slice(2);
const pristine = join(directory, 'cluster.mdb');
let seed = Number(seedText);
const below = (limit: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
};
const PAGE = 4096;
const damages: Readonly<Record<string, (file: Buffer) => Buffer>> = {
  'flipped bits': (file) => {
    for (let count = 1 + below(16); count > 0; count--) {
      const at = below(file.length);
      file[at] = (file[at] ?? 0) ^ (1 << below(8));
    }
    return file;
  },
  'a flipped bit of a meta page': (file) => {
    const at = below(2) * PAGE + below(168);
    file[at] = (file[at] ?? 0) ^ (1 << below(8));
    return file;
  },
  'a zeroed page': (file) => file.fill(0, ...pageOf(file)),
  'a page of ones': (file) => file.fill(0xff, ...pageOf(file)),
  'a page in the place of another': (file) => {
    const [from, to] = pageOf(file);
    file.copyWithin(pageOf(file)[0], from, to);
    return file;
  },
  'a cut': (file) => file.subarray(0, below(file.length)),
};

function pageOf(file: Buffer): [number, number] {
  const at = below(file.length / PAGE) * PAGE;
  return [at, at + PAGE];
}

async function contentOf(folder: string): Promise<string> {
  const store = await Store.open({ directory: folder, history: 100 });
  const objects = store.collection('/things').list();
  const content = `${store.revision} ${objects.map(({ json }) => json).join()}`;
  await store.close();
  return content;
}

const expected = await contentOf(directory);
const names = Object.keys(damages);
for (let round = 0; round < Number(roundsText); round++) {
  const name = names[round % names.length] ?? '';
  const folder = join(directory, `damaged-${round}`);
  mkdirSync(folder);
  copyFileSync(pristine, join(folder, 'cluster.mdb'));
  const damaged = damages[name]?.(readFileSync(pristine)) ?? Buffer.alloc(0);
  writeFileSync(join(folder, 'cluster.mdb'), damaged);
  process.stdout.write(`${round} ${name}: `);
  try {
    process.stdout.write((await contentOf(folder)) === expected ? 'same' : 'LOST');
  } catch (error) {
    const refused = hasCode(error, 'CLUSTER_DATABASE_CORRUPT') || hasCode(error, 'CLUSTER_DATABASE_VERSION');
    process.stdout.write(refused ? 'refused' : `WRONG ${String(error)}`);
  }
  process.stdout.write('\n');
}
process.exit(0);
