import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import { eventually } from '@epinio/core/testkit';
import { TestNode } from './testkit/test-node.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const MINUTES = 60;

test('a token is renewed in the pod that runs, when four fifths of its time are over, and not before', async () => {
  const given: string[] = [];
  const ages = [50 * MINUTES, 0];
  const tokens = {
    keyId: 'key',
    async request() {
      const issued = Math.floor(Date.now() / 1000) - (ages[given.length] ?? 0);
      const header = { alg: 'ES256', kid: 'key' };
      given.push(
        await new SignJWT({ n: given.length })
          .setIssuedAt(issued)
          .setProtectedHeader(header)
          .sign(privateKey),
      );
      return given.at(-1) ?? '';
    },
  };
  await using node = await TestNode.start({ tokens, timings: { tokenCheckMs: 50 } });
  const image = await node.shellImage('holder', 'sleep 1000');
  const pod = await node.createPod('holder', {
    volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
    containers: [{ name: 'main', image, volumeMounts: [{ name: 't', mountPath: '/tokens' }] }],
  });
  await node.untilPhase('holder', 'Running');
  const file = join(node.podFolder(pod), 'volumes/t/token');
  await eventually(() => assert.equal(given.length, 2));
  await eventually(() => assert.equal(readFileSync(file, 'utf8'), given[1]));
  await new Promise((resolve) => setTimeout(resolve, 300)); // six looks
  assert.equal(given.length, 2);
  await node.closeAgent();
  await node.startAgent();
  await node.untilPhase('holder', 'Running');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual([given.length, readFileSync(file, 'utf8')], [2, given[1]], 'it stays over a restart');
});
