import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pod } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { conditionOf, mainStatus, portOf, TestNode } from './testkit/test-node.ts';
import { ports, SERVER, tcp } from './testkit/web-server.ts';

test('a container that crashes is restarted at once, then after growing pauses, and its last log is kept', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('crash', 'echo attempt; exit 3');
  await node.createPod('crash', { containers: [{ name: 'main', image }] });
  const pod = await node.until(
    'crash',
    (each) => mainStatus(each)?.state?.waiting?.reason === 'CrashLoopBackOff',
    'backing off',
  );
  assert.match(
    mainStatus(pod)?.state?.waiting?.message ?? '',
    /^back-off [\d.]+s restarting failed container main in pod crash_apps\(/,
  );
  assert.ok((mainStatus(pod)?.restartCount ?? 0) >= 1, '(mainStatus(pod)?.restartCount ?? 0) >= 1');
  assert.equal(mainStatus(pod)?.lastState?.terminated?.exitCode, 3);
  assert.equal(mainStatus(pod)?.lastState?.terminated?.reason, 'Error');
  assert.equal(pod.status?.phase, 'Running');
  assert.equal(await node.logs('crash', { previous: true }), 'attempt\n');
  await eventually(async () => assert.notEqual((await node.events('BackOff'))[0]?.count ?? 1, 1));
  const attempts = join(node.podFolder(pod), 'containers/main');
  assert.ok(readdirSync(attempts).length <= 2, 'readdirSync(attempts).length <= 2');
});

test('an app that ignores PORT is told so, and one that reads it late is not', async () => {
  await using node = await TestNode.start();
  const stubborn = await node.scriptImage('stubborn', `require('net').createServer().listen(0, '127.0.0.1')`);
  const late = await node.scriptImage(
    'late',
    `setTimeout(() => require('net').createServer().listen(process.env.PORT), 500)`,
  );
  const silent = await node.shellImage('silent', 'sleep 1000');
  for (const [name, image] of Object.entries({ stubborn, late, silent })) {
    await node.createPod(name, { containers: [{ name: 'main', image, ports, readinessProbe: tcp }] });
  }
  const message = (pod: Pod) => conditionOf(pod, 'ContainersReady')?.message ?? '';
  const told = await node.until('stubborn', (pod) => /instead of PORT/.test(message(pod)), 'told');
  assert.match(
    message(told),
    new RegExp(
      `^containers with unready status: \\[main\\]; main listens on port \\d+ instead of PORT \\(${portOf(told)}\\); read the PORT environment variable$`,
    ),
  );
  const [event] = await eventually(async () => {
    const events = await node.events('PortIgnored');
    assert.equal(events.length, 1);
    return events;
  });
  assert.equal(event?.type, 'Warning');
  assert.equal(event.involvedObject.name, 'stubborn');
  await node.until('silent', (pod) => /main does not listen on PORT \(\d+\) yet/.test(message(pod)), 'told');
  const pod = await node.untilReady('late');
  await node.until('late', (each) => message(each) === '', 'without complaint');
  assert.equal(conditionOf(pod, 'ContainersReady')?.status, 'True');
});

test('a container keeps its PORT over restarts, and two pods never share one', async () => {
  await using node = await TestNode.start();
  const image = await node.scriptImage(
    'once',
    `console.log(process.env.PORT); ${SERVER}; if (!require('fs').existsSync(process.env.DATA + '/again')) { require('fs').writeFileSync(process.env.DATA + '/again', ''); setTimeout(() => process.exit(1), 200); }`,
  );
  const spec = {
    volumes: [{ name: 'data', emptyDir: {} }],
    containers: [
      {
        name: 'main',
        image,
        ports,
        env: [
          { name: 'PORT', value: '1' },
          { name: 'DATA', value: '/data' },
        ],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
  };
  await node.createPod('a', spec);
  await node.createPod('b', spec);
  const a = await node.until(
    'a',
    (pod) => mainStatus(pod)?.restartCount === 1 && mainStatus(pod)?.ready === true,
    'restarted',
  );
  const b = await node.until(
    'b',
    (pod) => mainStatus(pod)?.restartCount === 1 && mainStatus(pod)?.ready === true,
    'restarted',
  );
  assert.notEqual(portOf(a), portOf(b));
  await eventually(async () => assert.match(await node.logs('a'), new RegExp(`^${portOf(a)}\n`)));
  assert.match(await node.logs('a', { previous: true }), new RegExp(`^${portOf(a)}\n`));
});

test('a pod that ignores SIGTERM is killed when its grace is over', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('stubborn', `trap '' TERM; echo up; while :; do sleep 0.1; done`);
  await node.createPod('stubborn', { containers: [{ name: 'main', image }] });
  await node.untilReady('stubborn');
  await eventually(async () => assert.match(await node.logs('stubborn'), /up/));
  const startedAt = Date.now();
  await node.deletePod('stubborn', 1);
  await node.untilGone('stubborn');
  assert.ok(Date.now() - startedAt >= 900, 'Date.now() - startedAt >= 900');
});

test('a pod behind a Service is taken out of it, and drained, before it is asked to end', async () => {
  await using node = await TestNode.start({ config: { drainMilliseconds: 400 } });
  await node.kube.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'apps' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  const image = await node.scriptImage(
    'web',
    `process.on('SIGTERM', () => { console.log('asked'); process.exit(0) }); ${SERVER}`,
  );
  await node.createPod(
    'web',
    { containers: [{ name: 'main', image, ports, readinessProbe: tcp }] },
    { app: 'web' },
  );
  const pod = await node.untilReady('web');
  const reading = node.logs('web', { follow: true });
  await node.deletePod('web');
  await node.until('web', (each) => conditionOf(each, 'Ready')?.status === 'False', 'not ready');
  const answer = await fetch(`http://127.0.0.1:${portOf(pod)}/`);
  assert.equal(answer.status, 200, 'it still serves');
  await node.untilGone('web');
  assert.match(await reading, /asked/);
});

test('hooks run at the start and before the end', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage(
    'hooks',
    `trap 'cat /shared/pre; echo term; exit 0' TERM; echo up; while :; do sleep 0.05; done`,
  );
  const script = (text: string) => ({ exec: { command: ['/bin/sh', '-c', text] } });
  await node.createPod('hooks', {
    volumes: [{ name: 'shared', emptyDir: {} }],
    containers: [
      {
        name: 'main',
        image,
        volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        lifecycle: {
          postStart: script('echo started >/shared/post'),
          preStop: script('echo stopping >/shared/pre'),
        },
      },
    ],
  });
  const pod = await node.untilReady('hooks');
  assert.ok(
    existsSync(join(node.podFolder(pod), 'volumes/shared/post')),
    "existsSync(join(node.podFolder(pod), 'volumes/shared/post'))",
  );
  const reading = node.logs('hooks', { follow: true });
  await eventually(async () => assert.match(await node.logs('hooks'), /up/));
  await node.deletePod('hooks');
  await node.untilGone('hooks');
  const log = await reading;
  assert.match(log, /stopping\nterm\n$/);
});

test('a container whose liveness probe fails is restarted', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('sick', 'echo run; sleep 1000');
  await node.createPod('sick', {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image,
        livenessProbe: {
          exec: { command: ['/bin/sh', '-c', 'echo not well; exit 1'] },
          periodSeconds: 1,
          failureThreshold: 1,
        },
      },
    ],
  });
  const pod = await node.until('sick', (each) => (mainStatus(each)?.restartCount ?? 0) >= 1, 'restarted');
  assert.equal(mainStatus(pod)?.lastState?.terminated?.reason, 'Error');
  const [event] = await node.events('Unhealthy');
  assert.equal(event?.message, 'Liveness probe failed: not well');
});
