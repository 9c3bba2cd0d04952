import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { acquireServerLock, readServerLock } from './server-lock.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'epinio-lock-'));
});
after(() => rm(folder, { recursive: true }));

const MODULE = new URL('./server-lock.ts', import.meta.url).href;

/** Starts a process that takes the lock and says what came of it. */
function taker(): { readonly outcome: Promise<string>; kill(): Promise<void> } {
  const code = `
    const { acquireServerLock } = await import(${JSON.stringify(MODULE)});
    try {
      await acquireServerLock(${JSON.stringify(folder)});
      console.log('taken');
      setInterval(() => {}, 1000);
    } catch (error) {
      console.log(error.code);
    }`;
  const child = spawn(
    process.execPath,
    [...process.execArgv.filter((arg) => !arg.startsWith('--test')), '--input-type=module', '-e', code],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const outcome = once(child.stdout, 'data').then(([data]) => String(data).trim());
  return {
    outcome,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('one holder at a time, named to the others, and free again when released', async () => {
  assert.equal(await readServerLock(folder), undefined);
  const lock = await acquireServerLock(folder);
  assert.equal((await readServerLock(folder))?.pid, process.pid);
  await assert.rejects(acquireServerLock(folder), {
    code: 'SERVER_RUNNING',
    message: new RegExp(`\\(process ${process.pid}\\) has been running in ".*" since \\d{4}-`),
    fix: 'epinio stop',
  });
  await lock.release();
  await lock.release();
  assert.equal(await readServerLock(folder), undefined);
  await (await acquireServerLock(folder)).release();
});

test('of many processes at the same moment exactly one gets it; killed, it leaves it free', async () => {
  const takers = Array.from({ length: 4 }, taker);
  try {
    const outcomes = await Promise.all(takers.map(({ outcome }) => outcome));
    assert.deepEqual(outcomes.toSorted(), ['SERVER_RUNNING', 'SERVER_RUNNING', 'SERVER_RUNNING', 'taken']);
    await assert.rejects(acquireServerLock(folder), { code: 'SERVER_RUNNING' });
  } finally {
    await Promise.all(takers.map((one) => one.kill()));
  }
  await (await acquireServerLock(folder)).release();
  assert.deepEqual(await readdir(join(folder, 'locks')), []);
});

test('a process that has the id of a dead holder does not count as it', async () => {
  const stale = { pid: process.pid, birth: 'another-boot/1', sinceMs: 0 };
  await writeFile(join(folder, 'locks', `server.${process.pid}.stale`), JSON.stringify(stale));
  await writeFile(join(folder, 'locks', `server.1.torn`), '{"pi');
  assert.equal(await readServerLock(folder), undefined);
  await (await acquireServerLock(folder)).release();
});
