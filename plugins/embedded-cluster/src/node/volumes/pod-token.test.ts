import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Pod } from '@epinio/core';
import { FakeLog } from '@epinio/core/testkit';
import { createPodTokens } from '../../auth/tokens/pod-tokens.ts';
import { ServiceAccountTokens } from '../../auth/tokens/service-account-tokens.ts';
import { createSigningKey, readSigningKey } from '../../auth/tokens/signing-key.ts';
import { internalRequest } from '../../registry/internal-request.ts';
import { openRegistry, type OpenRegistry } from '../../registry/open.ts';
import { podToken } from './pod-token.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'epinio-pod-token-'));
let opened: OpenRegistry;
let pod: Pod;
let now = START;

before(async () => {
  opened = await openRegistry({ directory: folder, history: 100 }, new FakeLog());
  await create('ServiceAccount', 'default', {});
  const spec = { containers: [{ name: 'main', image: 'a:1' }] };
  pod = (await create('Pod', 'p', { spec })) as Pod;
});
after(async () => {
  await opened.close();
  rmSync(folder, { recursive: true });
});

async function create(kind: string, name: string, more: object): Promise<unknown> {
  const resource = opened.registry.catalog.findKind('v1', kind);
  assert.ok(resource);
  const body = { metadata: { name, namespace: 'default' }, ...more };
  return (await opened.registry.create(resource, 'default', body, internalRequest('test'))).object;
}

function tokensOf(key = readSigningKey(createSigningKey(), 'test')): ServiceAccountTokens {
  return new ServiceAccountTokens({ registry: opened.registry, key, log: new FakeLog(), now: () => now });
}

const clock = { now: () => now };
const source = { path: 'token', expirationSeconds: 3607 };

test('a token is kept until four fifths of its time are over, or it is a day old', async () => {
  const tokens = createPodTokens(tokensOf());
  now = START;
  const first = await podToken({ tokens, clock, pod }, source, '');
  now = START + 0.79 * HOUR;
  assert.equal(await podToken({ tokens, clock, pod }, source, first), first);
  now = START + 0.81 * HOUR;
  assert.notEqual(await podToken({ tokens, clock, pod }, source, first), first);

  now = START;
  const long = { path: 'token', expirationSeconds: 30 * 24 * 3600 };
  const lasting = await podToken({ tokens, clock, pod }, long, '');
  now = START + 23 * HOUR;
  assert.equal(await podToken({ tokens, clock, pod }, long, lasting), lasting);
  now = START + 25 * HOUR;
  assert.notEqual(await podToken({ tokens, clock, pod }, long, lasting), lasting);
});

test('a clock that jumps leaves the pod with a token that counts', async () => {
  const issuer = tokensOf();
  const tokens = createPodTokens(issuer);
  let token = '';
  for (const at of [START, START + 1000 * HOUR, START - 1000 * HOUR, START]) {
    now = at;
    token = await podToken({ tokens, clock, pod }, source, token);
    assert.equal(
      (await issuer.authenticate(token))?.user.extra?.['authentication.kubernetes.io/pod-name']?.[0],
      'p',
    );
  }
});

test('what is no token, or one of a key that is gone, is replaced', async () => {
  now = START;
  const tokens = createPodTokens(tokensOf());
  const lost = await podToken({ tokens: createPodTokens(tokensOf()), clock, pod }, source, '');
  for (const present of [lost, 'a.b.c', 'rubbish', 'e30.e30.e30']) {
    const token = await podToken({ tokens, clock, pod }, source, present);
    assert.notEqual(token, present);
    assert.equal(await podToken({ tokens, clock, pod }, source, token), token);
  }
});

test('a token that cannot be renewed stays until its end', async () => {
  now = START;
  const tokens = createPodTokens(tokensOf());
  const stranger: Pod = { ...pod, spec: { ...pod.spec, serviceAccountName: 'gone' } };
  const token = await podToken({ tokens, clock, pod }, source, '');
  now = START + 0.9 * HOUR;
  assert.equal(await podToken({ tokens, clock, pod: stranger }, source, token), token);
  now = START + 1.1 * HOUR;
  await assert.rejects(podToken({ tokens, clock, pod: stranger }, source, token), {
    message: 'failed to fetch token: serviceaccounts "gone" not found',
  });
});
