import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pod } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { conditionOf, portOf, TestNode } from './testkit/test-node.ts';

const SERVER = `require('http').createServer((q, s) => s.end('hello from ' + process.pid)).listen(process.env.PORT, '127.0.0.1', () => console.log('up'))`;
const tcp = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
const ports = [{ containerPort: 8080, name: 'http' }];

const mainStatus = (pod: Pod) => pod.status?.containerStatuses?.[0];

test('a pod runs its image, is ready, serves on its real port, logs, and goes when deleted', async () => {
  await using node = await TestNode.start();
  const image = await node.scriptImage('web', SERVER);
  await node.createPod('web', { containers: [{ name: 'main', image, ports, readinessProbe: tcp }] });
  const pod = await node.untilReady('web');
  assert.match(await (await fetch(`http://127.0.0.1:${portOf(pod)}/`)).text(), /^hello from \d+$/);
  assert.match(await node.logs('web', { timestamps: true }), /^\d{4}-\d\d-\d\dT[\d:.]{18}Z up\n$/);

  assert.equal(pod.status?.phase, 'Running');
  assert.equal(pod.status.podIP, '127.0.0.1');
  assert.equal(pod.status.qosClass, 'BestEffort');
  assert.deepEqual(pod.status.conditions?.map(({ type, status }) => `${type}=${status}`).sort(), [
    'ContainersReady=True',
    'Initialized=True',
    'PodReadyToStartContainers=True',
    'PodScheduled=True',
    'Ready=True',
  ]);
  assert.match(mainStatus(pod)?.imageID ?? '', /^127\.0\.0\.1:\d+\/web@sha256:[0-9a-f]{64}$/);
  for (const reason of ['Pulling', 'Pulled', 'Created', 'Started']) {
    await eventually(async () => assert.equal((await node.events(reason)).length, 1, reason));
  }

  await node.deletePod('web');
  await node.untilGone('web');
  await assert.rejects(fetch(`http://127.0.0.1:${portOf(pod)}/`));
});

test('an image is pulled once, with the credentials of the pod or its service account', async () => {
  await using node = await TestNode.start();
  node.registry.credentials = { username: 'robot', password: 'p:w' };
  const image = await node.shellImage('private', 'sleep 1000');
  await node.createPod('denied', { containers: [{ name: 'main', image }] });
  const denied = await node.until(
    'denied',
    (pod) => mainStatus(pod)?.state?.waiting?.reason === 'ImagePullBackOff',
    'backing off',
  );
  assert.match(
    mainStatus(denied)?.state?.waiting?.message ?? '',
    /Back-off pulling image .*: ErrImagePull: .*/,
  );

  const auths = { [node.registry.host]: { auth: btoa('robot:p:w') } };
  const data = { '.dockerconfigjson': btoa(JSON.stringify({ auths })) };
  await node.kube.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pull', namespace: 'apps' },
    data,
  });
  await node.createPod('allowed', {
    imagePullSecrets: [{ name: 'pull' }],
    containers: [{ name: 'main', image }],
  });
  await node.untilReady('allowed');
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'apps' },
  };
  await node.kube.create({ ...account, imagePullSecrets: [{ name: 'pull' }] });
  await node.untilReady('denied');
  const blobs = node.registry.requests.filter((path) => path.includes('/blobs/'));
  assert.equal(new Set(blobs).size, 2, 'config and layer');
  assert.equal(blobs.length - 2, blobs.filter((path, index) => blobs.indexOf(path) !== index).length);
});

test('waiting reasons are the kubelet’s, and mended pods go on by themselves', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('env', 'echo "$TOKEN"; sleep 1000');
  const waiting = (name: string, reason: string) =>
    node.until(name, (pod) => mainStatus(pod)?.state?.waiting?.reason === reason, reason);

  await node.createPod('no-image', {
    containers: [{ name: 'main', image: `${node.registry.host}/none:v1` }],
  });
  await node.createPod('bad-name', { containers: [{ name: 'main', image: 'Not An Image' }] });
  await node.createPod('never', {
    containers: [{ name: 'main', image: `${node.registry.host}/x:v1`, imagePullPolicy: 'Never' }],
  });
  await node.createPod('no-secret', {
    containers: [
      { name: 'main', image, env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    ],
  });
  await waiting('no-image', 'ImagePullBackOff');
  await waiting('bad-name', 'InvalidImageName');
  await waiting('never', 'ErrImageNeverPull');
  const pod = await waiting('no-secret', 'CreateContainerConfigError');
  assert.equal(mainStatus(pod)?.state?.waiting?.message, 'secret "s" not found');

  await node.kube.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'apps' },
    data: { k: btoa('now') },
  });
  await node.untilReady('no-secret');
  await eventually(async () => assert.equal(await node.logs('no-secret'), 'now\n'));
});

test('hostPath, host namespaces and privileges are refused with a reason', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('any', 'sleep 1000');
  await node.createPod('host-path', {
    volumes: [{ name: 'host', hostPath: { path: '/etc' } }],
    containers: [{ name: 'main', image, volumeMounts: [{ name: 'host', mountPath: '/host' }] }],
  });
  await node.createPod('host-pid', { hostPID: true, containers: [{ name: 'main', image }] });
  await node.createPod('privileged', {
    containers: [{ name: 'main', image, securityContext: { privileged: true } }],
  });
  await eventually(async () => {
    const messages = (await node.events('FailedMount')).map(({ message }) => message ?? '');
    assert.match(messages.join('\n'), /"host" is a hostPath \(\/etc\), which the embedded cluster refuses/);
    assert.match(messages.join('\n'), /asks for hostPID/);
  });
  await node.until(
    'privileged',
    (pod) => /asks to be privileged/.test(mainStatus(pod)?.state?.waiting?.message ?? ''),
    'refused',
  );
});

test('init containers run in order before the others, and hand over by volumes', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('steps', '');
  const volumeMounts = [{ name: 'work', mountPath: '/work' }];
  const step = (name: string, script: string) => ({
    name,
    image,
    volumeMounts,
    command: ['/bin/sh', '-c', script],
  });
  await node.createPod('job', {
    restartPolicy: 'Never',
    volumes: [{ name: 'work', emptyDir: {} }],
    initContainers: [step('one', 'echo 1 >/work/log'), step('two', 'echo 2 >>/work/log')],
    containers: [step('main', 'cat /work/log; exit 0')],
  });
  const pod = await node.untilPhase('job', 'Succeeded');
  assert.equal(await node.logs('job'), '1\n2\n');
  assert.deepEqual(
    pod.status?.initContainerStatuses?.map(({ ready }) => ready),
    [true, true],
  );
  assert.equal(mainStatus(pod)?.state?.terminated?.reason, 'Completed');
  assert.equal(conditionOf(pod, 'Ready')?.reason, 'PodCompleted');

  await node.createPod('broken', {
    restartPolicy: 'Never',
    volumes: [{ name: 'work', emptyDir: {} }],
    initContainers: [step('one', 'echo no disk; exit 4')],
    containers: [step('main', 'echo never')],
  });
  const broken = await node.untilPhase('broken', 'Failed');
  assert.equal(broken.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 4);
  assert.equal(await node.logs('broken', { container: 'one' }), 'no disk\n');
  await assert.rejects(node.logs('broken', { container: 'main' }), {
    status: 400,
    message: /waiting to start: PodInitializing/,
  });
});

test('a sidecar starts before the others, goes on beside them, and ends after them', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('steps', '');
  const volumeMounts = [{ name: 'work', mountPath: '/work' }];
  const step = (name: string, script: string) => ({
    ...{ name, image, volumeMounts },
    command: ['/bin/sh', '-c', script],
  });
  const proxy = {
    ...step('proxy', 'trap "echo last; exit 0" TERM; echo first >/work/log; while :; do sleep 0.05; done'),
    restartPolicy: 'Always',
    startupProbe: { exec: { command: ['/bin/sh', '-c', 'test -e /work/log'] }, periodSeconds: 1 },
  };
  await node.createPod('job', {
    restartPolicy: 'Never',
    volumes: [{ name: 'work', emptyDir: {} }],
    initContainers: [proxy, step('init', 'echo init >>/work/log')],
    containers: [step('main', 'echo main >>/work/log; cat /work/log')],
  });
  const pod = await node.untilPhase('job', 'Succeeded');
  assert.equal(await node.logs('job', { container: 'main' }), 'first\ninit\nmain\n');
  assert.match(await node.logs('job', { container: 'proxy' }), /last\n$/);
  const [sidecar] = pod.status?.initContainerStatuses ?? [];
  assert.equal(sidecar?.state?.terminated?.exitCode, 0);
  assert.equal(sidecar.restartCount, 0);
});

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

test('a program that is not there is said, not run', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('any', '');
  await node.createPod('lost', {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image, command: ['/workspace/nothing'] }],
  });
  const pod = await node.untilPhase('lost', 'Failed');
  const { reason, message, exitCode } = mainStatus(pod)?.state?.terminated ?? {};
  assert.equal(reason, 'StartError');
  assert.equal(exitCode, 128);
  assert.match(message ?? '', /exec: ".*\/workspace\/nothing": No such file or directory/);
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

test('a secret that changes reaches the running pod', async () => {
  const metadata = { name: 'cfg', namespace: 'apps' };
  const object = (value: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    data: { key: btoa(value) },
  });
  await using node = await TestNode.start({ objects: [object('first')] });
  const image = await node.shellImage(
    'watch',
    'last=; while :; do now=$(cat /cfg/key); [ "$now" = "$last" ] || echo "$now"; last=$now; sleep 0.05; done',
  );
  await node.createPod('watch', {
    volumes: [{ name: 'c', secret: { secretName: 'cfg' } }],
    containers: [{ name: 'main', image, volumeMounts: [{ name: 'c', mountPath: '/cfg' }] }],
  });
  await eventually(async () => assert.equal(await node.logs('watch'), 'first\n'));
  await node.kube.patch(
    { apiVersion: 'v1', kind: 'Secret', ...metadata },
    { type: 'merge', patch: { data: { key: btoa('second') } } },
  );
  await eventually(async () => assert.equal(await node.logs('watch'), 'first\nsecond\n'));
});

test('a pod that takes too much disk space is evicted with the reason', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage(
    'filler',
    'dd if=/dev/zero of=/scratch/big bs=1M count=8 2>/dev/null; sleep 1000',
  );
  await node.createPod('filler', {
    restartPolicy: 'Never',
    volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '4Mi' } }],
    containers: [{ name: 'main', image, volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] }],
  });
  const pod = await node.untilPhase('filler', 'Failed');
  assert.equal(pod.status?.reason, 'Evicted');
  assert.equal(pod.status.message, 'Usage of EmptyDir volume "scratch" exceeds the limit "4Mi". ');
  assert.equal(mainStatus(pod)?.state?.terminated?.exitCode, 137);
  // What filled the disk is gone, though the pod is still there.
  await eventually(() => assert.equal(existsSync(join(node.podFolder(pod), 'volumes')), false));
});

test('a container that takes too much memory is OOMKilled', async () => {
  await using node = await TestNode.start();
  const image = await node.scriptImage(
    'hog',
    `const a = []; for (let i = 0; i < 50; i++) a.push(Buffer.alloc(8 * 1048576, 1)); setInterval(() => {}, 1e6)`,
  );
  await node.createPod('hog', {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image, resources: { limits: { memory: '128Mi' } } }],
  });
  const pod = await node.untilPhase('hog', 'Failed');
  assert.equal(mainStatus(pod)?.state?.terminated?.reason, 'OOMKilled');
  assert.equal(mainStatus(pod)?.state?.terminated?.exitCode, 137);
});

test('a pod that is over its deadline fails with DeadlineExceeded', async () => {
  await using node = await TestNode.start();
  const image = await node.shellImage('slow', 'sleep 1000');
  await node.createPod('slow', {
    activeDeadlineSeconds: 1,
    terminationGracePeriodSeconds: 1,
    restartPolicy: 'Never',
    containers: [{ name: 'main', image }],
  });
  const pod = await node.untilPhase('slow', 'Failed');
  assert.equal(pod.status?.reason, 'DeadlineExceeded');
});

test('a claim waits until it is bound, and its data outlives the pod', async () => {
  const metadata = { name: 'data', namespace: 'apps' };
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: { accessModes: ['ReadWriteOnce'] },
  };
  await using node = await TestNode.start({ objects: [claim] });
  const image = await node.shellImage(
    'store',
    'cat /data/log 2>/dev/null; echo "$HOSTNAME" >>/data/log; echo done; sleep 1000',
  );
  const spec = {
    volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }],
    containers: [
      { name: 'main', image, volumeMounts: [{ name: 'd', mountPath: '/data', subPath: 'deep/er' }] },
    ],
  };
  await node.createPod('first', spec);
  await eventually(async () =>
    assert.match((await node.events('FailedMount'))[0]?.message ?? '', /"data" is not bound/),
  );
  node.fake.seed({ ...claim, spec: { ...claim.spec, volumeName: 'pv-1' }, status: { phase: 'Bound' } });
  await eventually(async () => assert.equal(await node.logs('first'), 'done\n'));
  await node.deletePod('first', 1);
  await node.untilGone('first');
  await node.createPod('second', spec);
  await eventually(async () => assert.equal(await node.logs('second'), 'first\ndone\n'));

  // Once the claim is gone its volume is released, and its data is removed.
  const data = join(node.folder, 'node/volumes/pv-1');
  assert.equal(existsSync(data), true);
  const volume = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-1' } };
  const annotations = { 'pv.kubernetes.io/provisioned-by': 'epinio.io/local' };
  const released = { spec: { persistentVolumeReclaimPolicy: 'Delete' }, status: { phase: 'Released' } };
  node.fake.seed({ ...volume, metadata: { ...volume.metadata, annotations }, ...released });
  await eventually(async () => {
    assert.equal(existsSync(data), false);
    assert.equal(
      await node.kube.get({ apiVersion: 'v1', kind: 'PersistentVolume', name: 'pv-1' }),
      undefined,
    );
  });
});

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
