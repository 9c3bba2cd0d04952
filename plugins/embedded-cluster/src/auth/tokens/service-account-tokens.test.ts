import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FakeLog } from '@epinio/core/testkit';
import { loadPki } from '../../pki/pki.ts';
import { internalRequest } from '../../registry/internal-request.ts';
import { openRegistry, type OpenRegistry } from '../../registry/open.ts';
import { TokenError } from './check-claims.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { createSigningKey, readSigningKey } from './signing-key.ts';
import { fulfilTokenRequest } from './token-request.ts';

const HOUR = 3600_000;
const START = Date.parse('2026-01-01T00:00:00Z');

describe('tokens of service accounts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'epinio-tokens-'));
  const log = new FakeLog();
  let opened: OpenRegistry;
  let tokens: ServiceAccountTokens;
  let now = START;

  const create = (kind: string, name: string, more: object = {}) => {
    const resource = opened.registry.catalog.findKind('v1', kind);
    assert.ok(resource);
    const metadata = { name, namespace: 'default' };
    return opened.registry.create(resource, 'default', { metadata, ...more }, internalRequest('test'));
  };
  const ask = async (name: string, spec: object = {}): Promise<string> => {
    const asked = { spec: { expirationSeconds: 3600, ...spec } };
    const { status } = await fulfilTokenRequest(tokens, { namespace: 'default', name }, asked);
    return (status as { token: string }).token;
  };
  const isRefused = (token: string, message: RegExp) =>
    assert.rejects(
      tokens.authenticate(token),
      (error) => error instanceof TokenError && message.test(error.message),
    );

  before(async () => {
    opened = await openRegistry({ directory: folder, history: 100 }, log);
    const key = readSigningKey(createSigningKey(), 'test');
    tokens = new ServiceAccountTokens({ registry: opened.registry, key, log, now: () => now });
    await create('ServiceAccount', 'robot');
  });
  after(async () => {
    await opened.close();
    rmSync(folder, { recursive: true });
  });

  it('end when their time is over, by a clock that may be a minute off, and that may jump', async () => {
    now = START;
    const token = await ask('robot');
    const works = async (at: number): Promise<void> => {
      now = at;
      assert.equal((await tokens.authenticate(token))?.user.name, 'system:serviceaccount:default:robot');
    };
    await works(START);
    await works(START + HOUR + 59_000);
    now = START + HOUR + 61_000;
    await isRefused(token, /^service account token has expired$/);
    await works(START - 59_000);
    now = START - 61_000;
    await isRefused(token, /^service account token is not valid yet$/);
    now = START + 30 * 365 * 24 * HOUR;
    await isRefused(token, /expired/);
    await works(START + HOUR / 2); // the clock is set right again
    now = START;
  });

  it('are none of another key, nor changed ones, nor unsigned ones', async () => {
    const token = await ask('robot');
    const key = readSigningKey(createSigningKey(), 'test');
    const other = new ServiceAccountTokens({ registry: opened.registry, key, log, now: () => now });
    await assert.rejects(other.authenticate(token), /signature/);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    await isRefused(`${header}.${encoded({ ...claims, sub: 'system:admin' })}.${signature}`, /signature/);
    await isRefused(`${encoded({ alg: 'none' })}.${payload}.`, /signature/);
    await isRefused(`${encoded({ alg: 'HS256' })}.${payload}.${signature}`, /signature/);
    assert.equal(await tokens.authenticate('a.b.c'), undefined);
    assert.equal(await tokens.authenticate(''), undefined);
  });

  it('in a Secret count as long as it holds them, and say on which day they were used', async () => {
    const { object } = await create('ServiceAccount', 'old');
    const token = await tokens.signForSecret(object.metadata, 'kept');
    await isRefused(token, /^Token has been invalidated$/);
    const data = { token: Buffer.from(token).toString('base64') };
    await create('Secret', 'kept', { data });
    const proven = await tokens.authenticate(token);
    assert.equal(proven?.user.uid, object.metadata.uid);
    const secret = tokens.find('/secrets', 'default/kept');
    assert.equal(secret?.metadata.labels?.['kubernetes.io/legacy-token-last-used'], '2026-01-01');
    const before = secret.metadata.resourceVersion;
    await tokens.authenticate(token);
    assert.equal(tokens.find('/secrets', 'default/kept')?.metadata.resourceVersion, before, 'once a day');
    const resource = opened.registry.catalog.findKind('v1', 'Secret');
    assert.ok(resource);
    const target = { resource, namespace: 'default', name: 'kept' };
    const patch = { data: { token: 'bm9uZQ==' } };
    await opened.registry.patch(target, 'merge', patch, internalRequest('test'));
    await isRefused(token, /^Token does not match server's copy$/);
  });

  it('are signed with a key that only its owner reads, and that stays', async () => {
    const pki = join(folder, 'pki');
    const { serviceAccountKey: first } = await loadPki(pki);
    const file = join(pki, 'service-accounts.key');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal((await loadPki(pki)).serviceAccountKey.id, first.id);
    writeFileSync(file, 'damaged');
    await assert.rejects(loadPki(pki), { code: 'CLUSTER_KEY_UNREADABLE' });
  });
});
