import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pod } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { conditionOf, mainStatus, portOf, TestNode } from './testkit/test-node.ts';
import { ports, SERVER, tcp } from './testkit/web-server.ts';

test('after kill -9 of the platform running pods are found again, and exits that happened meanwhile', async () => {
  const starter = `const { TestNode } = await import('${new URL('./testkit/test-node.ts', import.meta.url).href}');
    const node = await TestNode.start();
    const server = await node.scriptImage('web', ${JSON.stringify(SERVER)});
    const short = await node.shellImage('short', 'while [ ! -e /flag/go ]; do sleep 0.02; done; echo ended; exit 9');
    await node.createPod('web', { containers: [{ name: 'main', image: server, ports: [{ containerPort: 8080 }], readinessProbe: { tcpSocket: { port: 8080 } } }] });
    await node.createPod('short', { restartPolicy: 'Never', volumes: [{ name: 'flag', emptyDir: {} }], containers: [{ name: 'main', image: short, volumeMounts: [{ name: 'flag', mountPath: '/flag' }] }] });
    const pods = [await node.untilReady('web'), await node.untilReady('short')];
    process.stdout.write(JSON.stringify({ folder: node.folder, pods }) + '\\n');`;
  const parent = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  parent.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await eventually(() => assert.match(output, /\n$/), 20_000);
  const { folder, pods } = JSON.parse(output) as { folder: string; pods: Pod[] };
  const [web, short] = pods as [Pod, Pod];
  const url = `http://127.0.0.1:${portOf(web)}/`;
  const before = await (await fetch(url)).text();
  const died = once(parent, 'exit');
  parent.kill('SIGKILL');
  await died;
  assert.equal(await (await fetch(url)).text(), before, 'it serves without the platform');
  writeFileSync(join(folder, 'node/pods', short.metadata.uid ?? '', 'volumes/flag/go'), '');
  const run = join(folder, 'node/pods', short.metadata.uid ?? '', 'containers/main/0/run');
  await eventually(() => assert.ok(existsSync(join(run, 'exit')), "existsSync(join(run, 'exit'))"));

  await using node = await TestNode.start({ folder, objects: pods });
  await node.until('short', (pod) => pod.status?.phase === 'Failed', 'failed');
  assert.equal(mainStatus((await node.pod('short')) as Pod)?.state?.terminated?.exitCode, 9);
  assert.equal(await node.logs('short'), 'ended\n');
  const found = await node.untilReady('web');
  assert.equal(mainStatus(found)?.restartCount, 0);
  assert.equal(
    conditionOf(found, 'Ready')?.lastTransitionTime,
    conditionOf(web, 'Ready')?.lastTransitionTime,
    'it was ready all the time',
  );
  assert.equal(await (await fetch(url)).text(), before, 'the same process');
  await node.deletePod('web', 1);
  await node.untilGone('web');
  await assert.rejects(fetch(url));
});

test('a pod that was deleted while the platform was away is killed by the next start', async () => {
  await using node = await TestNode.start();
  const image = await node.scriptImage('web', SERVER);
  await node.createPod('web', { containers: [{ name: 'main', image, ports, readinessProbe: tcp }] });
  const pod = await node.untilReady('web');
  const url = `http://127.0.0.1:${portOf(pod)}/`;
  await node.closeAgent();
  assert.equal((await fetch(url)).status, 200, 'closing the agent leaves pods running');
  await node.fake.delete(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'apps', name: 'web' },
    { gracePeriodSeconds: 0 },
  );
  await node.startAgent();
  await eventually(() => assert.rejects(fetch(url)));
});

test('stopAllPods ends the containers, and the next start begins them again', async () => {
  await using node = await TestNode.start();
  const image = await node.scriptImage('web', `process.on('SIGTERM', () => process.exit(0)); ${SERVER}`);
  await node.createPod('web', { containers: [{ name: 'main', image, ports, readinessProbe: tcp }] });
  const url = `http://127.0.0.1:${portOf(await node.untilReady('web'))}/`;
  await node.agent.stopAllPods(3000);
  await assert.rejects(fetch(url));
  await node.closeAgent();
  await node.startAgent();
  const pod = await node.until(
    'web',
    (each) => mainStatus(each)?.restartCount === 1 && mainStatus(each)?.ready === true,
    'begun again',
  );
  assert.equal(`http://127.0.0.1:${portOf(pod)}/`, url);
  assert.equal((await fetch(url)).status, 200);
});
