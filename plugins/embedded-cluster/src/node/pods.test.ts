import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portOf, TestNode } from './testing/test-node.ts';

const SERVER = `require('http').createServer((q, s) => s.end('hello from ' + process.pid)).listen(process.env.PORT, '127.0.0.1', () => console.log('up'))`;

test('a pod runs its image, is ready, serves on its real port, logs, and goes when deleted', async () => {
  await using node = await TestNode.start();
  const image = await node.scriptImage('web', SERVER);
  await node.createPod('web', {
    containers: [
      {
        name: 'main',
        image,
        ports: [{ containerPort: 8080 }],
        readinessProbe: { tcpSocket: { port: 8080 } },
      },
    ],
  });
  const pod = await node.untilReady('web');
  const answer = await fetch(`http://127.0.0.1:${portOf(pod)}/`);
  assert.match(await answer.text(), /^hello from \d+$/);
  assert.match(await node.logs('web', { timestamps: true }), /^\d{4}-\d\d-\d\dT[\d:.]{18}Z up\n$/);
  await node.deletePod('web');
  await node.untilGone('web');
  await assert.rejects(fetch(`http://127.0.0.1:${portOf(pod)}/`));
});
