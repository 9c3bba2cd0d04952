import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Store } from '../../storage/store.ts';
import { readExit, readSandboxInit, readSupervisor } from '../supervisor/run-files.ts';
import { TestNode } from '../testkit/test-node.ts';
import { firstPodUid } from './user-ids.ts';

/** Only root can give each pod a user. */
function needsRoot(t: TestContext): boolean {
  if (firstPodUid() !== undefined) return true;
  t.skip('SKIPPED: only root can let pods run as users of their own');
  return false;
}

/** Does what it should not be able to do, and says what it was answered. */
const SPY = `
const fs = require('fs');
const attempt = (act) => { try { return act(); } catch (error) { return error.code; } };
const read = (path) => attempt(() => fs.readFileSync(path, 'latin1').includes('secret') ? 'READ' : 'nothing');
const environments = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && Number(name) !== process.pid)
  .filter((pid) => attempt(() => fs.readFileSync('/proc/' + pid + '/environ', 'latin1')).includes('their-secret'));
const mine = process.env.MINE;
console.log(JSON.stringify({
  own: fs.readFileSync(mine + '/key', 'utf8'),
  files: process.env.FILES.split(',').map(read),
  environments,
  write: attempt(() => fs.writeFileSync(mine + '/more', 'x')),
  replace: attempt(() => fs.renameSync(mine + '/..data', mine + '/..old')),
  change: attempt(() => fs.writeFileSync(mine + '/key', 'x')),
  kill: attempt(() => process.kill(Number(process.env.PLATFORM), 0)),
}));
`;

test('with a user id of its own, an app cannot read the platform or another app, nor change its own secrets', async (t) => {
  if (!needsRoot(t)) return;
  const secret = (name: string, value: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'apps' },
    data: { key: Buffer.from(value).toString('base64') },
  });
  await using node = await TestNode.start({
    config: { isolation: 'process' },
    objects: [secret('mine', 'own'), secret('theirs', 'their-secret')],
  });
  const store = await Store.open({ directory: join(node.folder, 'store'), history: 10 });
  await using _closing = { [Symbol.asyncDispose]: () => store.close() };
  chmodSync(join(node.folder, 'store'), 0o711);
  const object = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, data: 'secret' };
  await store.write('/secrets', 's', () => ({ type: 'put', object }));

  const image = await node.scriptImage('spy', SPY);
  const victimImage = await node.shellImage('victim', 'sleep 1000');
  const volumes = (secretName: string) => [{ name: 's', secret: { secretName } }];
  const volumeMounts = [{ name: 's', mountPath: '/secrets' }];
  const env = [{ name: 'THEIRS', valueFrom: { secretKeyRef: { name: 'theirs', key: 'key' } } }];
  const victim = await node.createPod('victim', {
    volumes: volumes('theirs'),
    containers: [{ name: 'main', image: victimImage, env, volumeMounts }],
  });
  await node.untilPhase('victim', 'Running');
  const files = [
    join(node.podFolder(victim), 'volumes/s/key'),
    join(node.podFolder(victim), 'volumes/s/..data/key'),
    join(node.podFolder(victim), 'containers/main/0/spec.json'),
    join(node.folder, 'store/cluster.mdb'),
    join(node.folder, 'store/cluster.mdb-lock'),
  ];
  const told = { FILES: files.join(','), MINE: '/secrets', PLATFORM: String(process.pid) };
  await node.createPod('spy', {
    restartPolicy: 'Never',
    volumes: volumes('mine'),
    containers: [
      {
        name: 'main',
        image,
        volumeMounts,
        env: Object.entries(told).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  await node.untilPhase('spy', 'Succeeded');
  assert.deepEqual(JSON.parse(await node.logs('spy')), {
    own: 'own',
    files: files.map(() => 'EACCES'),
    environments: [],
    write: 'EACCES',
    replace: 'EACCES',
    change: 'EACCES',
    kill: 'EPERM',
  });
});

test('a pod that owns its run folder names no process but its own, and makes nobody wait', (t) => {
  if (!needsRoot(t)) return;
  const folder = mkdtempSync(join(tmpdir(), 'epinio-run-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const namespace = /\d+/.exec(
    spawnSync('readlink', ['/proc/self/ns/pid'], { encoding: 'utf8' }).stdout,
  )?.[0];
  writeFileSync(join(folder, 'pid'), `${process.pid}\n${stat}`);
  writeFileSync(
    join(folder, 'sandbox'),
    JSON.stringify({ 'child-pid': process.pid, 'pid-namespace': Number(namespace) }),
  );
  assert.equal(readSupervisor(folder)?.pid, process.pid);
  assert.equal(readSandboxInit(folder), process.pid);
  chownSync(folder, 54_321, 54_321);
  assert.equal(readSupervisor(folder), undefined);
  assert.equal(readSandboxInit(folder), undefined);
  writeFileSync(join(folder, 'sandbox'), 'no JSON }');
  assert.equal(readSandboxInit(folder), undefined);
  assert.equal(spawnSync('mkfifo', [join(folder, 'exit')]).status, 0);
  assert.equal(readExit(folder), undefined);
  rmSync(join(folder, 'exit'));
  mkdirSync(join(folder, 'exit'));
  assert.equal(readExit(folder), undefined);
});
