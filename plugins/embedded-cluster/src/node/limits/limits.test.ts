import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Pod } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { PodFolder } from '../layout.ts';
import { ContainerRun } from '../supervisor/container-run.ts';
import { SUPERVISE_SCRIPT } from '../supervisor/supervise-script.ts';
import { findCgroupHierarchy, oomKills, removeCgroup } from './cgroup.ts';
import { MemoryWatch } from './memory-watch.ts';
import { hasStorageLimit, storageExcess } from './storage-limits.ts';

const base = mkdtempSync(join(tmpdir(), 'epinio-limits-'));
after(() => rmSync(base, { recursive: true, force: true }));
const script = join(base, 'supervise.sh');
writeFileSync(script, SUPERVISE_SCRIPT);

const MIB = 1024 * 1024;
/** Takes 400 MiB, and then waits. */
const HOG = [
  '-e',
  'const a=[];for(let i=0;i<50;i++)a.push(Buffer.alloc(8*1048576,1));setInterval(()=>{},1e6)',
];

function start(name: string, args = HOG, cgroupProcs: readonly string[] = []): Promise<ContainerRun> {
  return ContainerRun.start({
    folder: join(base, name),
    script,
    command: [process.execPath, ...args],
    env: {},
    cwd: base,
    logFile: join(base, `${name}.log`),
    cgroupProcs,
  });
}

test('a container over its memory limit is ended by its control group', async (t) => {
  const name = `epinio-test-${process.pid}`;
  const memory = findCgroupHierarchy('memory', name);
  if (memory === undefined) {
    t.diagnostic(
      'control groups cannot be written on this machine: the limit by resident size is what is tested',
    );
    t.skip('no control groups');
    return;
  }
  const group = memory.create('hog', 128 * MIB);
  const run = await start('cgroup', HOG, [join(group, 'cgroup.procs')]);
  assert.equal((await run.exited).exitCode, 137);
  assert.ok(oomKills(group) > 0, 'oomKills(group) > 0');
  await eventually(() => assert.equal(removeCgroup(group), true));
  removeCgroup(join(group, '..'));
});

test('a container with a limit of its processors gets no more of them, whatever it starts', async (t) => {
  const cpu = findCgroupHierarchy('cpu', `epinio-test-${process.pid}`);
  if (cpu === undefined) {
    t.diagnostic('control groups for processors cannot be written on this machine');
    t.skip('no control groups');
    return;
  }
  const group = cpu.create('spinner', 0.1);
  // Spins for a second of the clock, and says how much of it it has had.
  const spin = `const end = Date.now() + 1000; while (Date.now() < end); console.log(process.cpuUsage().user)`;
  const run = await start('spinner', ['-e', spin], [join(group, 'cgroup.procs')]);
  assert.equal((await run.exited).exitCode, 0);
  const milliseconds = Number(readFileSync(join(base, 'spinner.log'), 'utf8')) / 1000;
  assert.ok(milliseconds < 500, `it has had ${milliseconds} ms`);
  await eventually(() => assert.equal(removeCgroup(group), true));
  removeCgroup(join(group, '..'));
});

test('without control groups, a container over its memory limit is seen by its resident size', async () => {
  const watch = new MemoryWatch(20);
  const run = await start('watched');
  const exceeded = await new Promise<boolean>((resolve) => {
    watch.add(run, 128 * MIB, () => resolve(true));
  });
  assert.equal(exceeded, true);
  assert.equal((await run.kill()).exitCode, 137);
  watch.close();
});

test('a pod over a limit of its disk space is named with the limit', async () => {
  const folder = new PodFolder(join(base, 'pod'));
  mkdirSync(folder.volume('scratch'), { recursive: true });
  mkdirSync(folder.container('main'), { recursive: true });
  const pod = (sizeLimit: string | undefined, limit?: string): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      volumes: [{ name: 'scratch', emptyDir: sizeLimit === undefined ? {} : { sizeLimit } }],
      containers: [{ name: 'main', ...(limit && { resources: { limits: { 'ephemeral-storage': limit } } }) }],
    },
  });
  assert.equal(hasStorageLimit(pod(undefined)), false);
  assert.equal(hasStorageLimit(pod('1Mi')), true);
  writeFileSync(join(folder.volume('scratch'), 'big'), Buffer.alloc(2 * MIB));
  assert.equal(await storageExcess(pod('3Mi'), folder), undefined);
  assert.equal(
    await storageExcess(pod('1Mi'), folder),
    'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ',
  );
  assert.match(
    (await storageExcess(pod(undefined, '1Mi'), folder)) ?? '',
    /^Pod ephemeral local storage usage exceeds/,
  );
  writeFileSync(join(folder.container('main'), 'log'), Buffer.alloc(2 * MIB));
  assert.equal(
    await storageExcess(pod(undefined, '1Mi'), folder),
    'Container main exceeded its local ephemeral storage limit "1Mi". ',
  );
});
