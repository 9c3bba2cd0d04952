import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '@epinio/core/testkit';
import { conditionOf, mainStatus, portOf, TestNode } from './testkit/test-node.ts';
import { ports, SERVER, tcp } from './testkit/web-server.ts';

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
