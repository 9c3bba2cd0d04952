import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '@epinio/core/testkit';
import { mainStatus, TestNode } from './testkit/test-node.ts';

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
