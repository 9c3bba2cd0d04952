import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, describe, it, type TestContext } from 'node:test';
import type { RunHost } from '@epinio/core';
import { FakeKube, FakeLog, findProgram, needProgram, testPlugin, testStorage } from '@epinio/core/testkit';
import { config, type Config } from './config.ts';
import { S3Server } from './fixtures/s3-server.ts';
import plugin from './index.ts';
import { S3Storage } from './s3-storage.ts';

const settings = { domain: 'a.example', namespace: 'epinio', tlsIssuer: 'epinio-ca' };
const program = findProgram('versitygw');
const PURPOSE = 'keep blobs in a real S3 server';

let starting: Promise<S3Server> | undefined;
const server = (path: string): Promise<S3Server> => (starting ??= S3Server.start(path));
after(async () => {
  await (await starting)?.[Symbol.asyncDispose]();
});

testPlugin(plugin, {
  from: import.meta.url,
  valid: [
    { bucket: 'epinio' },
    {
      bucket: 'epinio',
      endpoint: 'https://s3.example.com:9000',
      prefix: 'a/b/',
      credentialsSecret: 's3-creds',
    },
    {
      bucket: 'epinio',
      accessKeyId: 'a',
      secretAccessKey: 'b',
      pathStyle: true,
      createBucket: true,
      ca: 'PEM',
    },
  ],
  invalid: [
    [{}, /bucket/],
    [{ bucket: 'epinio', endpoint: 'ftp://x' }, /endpoint/],
    [{ bucket: 'epinio', prefix: 'a' }, /prefix/],
    [{ bucket: 'epinio', accessKeyId: 'a' }, /accessKeyId and secretAccessKey go together/],
    [{ bucket: 'epinio', accessKeyId: 'a', secretAccessKey: 'b', credentialsSecret: 'c' }, /either/],
  ],
});

/** A storage in a bucket of its own. */
async function open(path: string, more: Partial<Config> = {}, kube = new FakeKube()) {
  const { endpoint, accessKeyId, secretAccessKey } = await server(path);
  const keys = more.credentialsSecret === undefined ? { accessKeyId, secretAccessKey } : {};
  const bucket = `bucket-${randomUUID()}`;
  const options = config.parse({ endpoint, bucket, createBucket: true, ...keys, ...more });
  const log = new FakeLog();
  const storage = new S3Storage({ kube, log, settings }, options);
  return { storage, log, [Symbol.asyncDispose]: () => storage.close() };
}

/** As a server hosts it, until it is ready. */
async function checked(storage: S3Storage): Promise<void> {
  const stop = new AbortController();
  await new Promise<void>((resolve, reject) => {
    const host: RunHost = { signal: stop.signal, ready: resolve };
    storage.run(host).catch(reject);
  });
  stop.abort();
}

if (program === undefined) it('keeps blobs', (t) => void needProgram(t, 'versitygw', PURPOSE));
else
  testStorage('s3', async () => {
    const { storage } = await open(program);
    const stop = new AbortController();
    let running = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      running = storage.run({ signal: stop.signal, ready: resolve });
      running.catch(reject);
    });
    return {
      storage,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await running;
      },
    };
  });

describe('s3', () => {
  const need = (t: TestContext): string | undefined => needProgram(t, 'versitygw', PURPOSE);

  it('keeps a blob of many parts, with its checksum, and nothing else', async (t) => {
    const path = need(t);
    if (path === undefined) return;
    await using opened = await open(path);
    await checked(opened.storage);
    await using again = await open(path);
    await checked(again.storage);
    const piece = randomBytes(1024 ** 2);
    const pieces = function* (): Generator<Buffer> {
      for (let count = 0; count < 40; count += 1) yield piece;
    };
    const info = await again.storage.put('large', Readable.from(pieces()), {
      contentType: 'application/x-tar',
    });
    assert.equal(info.size, 40 * 1024 ** 2);
    assert.deepEqual(await again.storage.info('large'), info);
    const all: string[] = [];
    for await (const { key } of again.storage.list()) all.push(key);
    assert.deepEqual(all, ['large']);
  });

  it('takes keys from a Secret, and says which one is missing', async (t) => {
    const path = need(t);
    if (path === undefined) return;
    const { accessKeyId, secretAccessKey } = await server(path);
    await using kube = new FakeKube();
    await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'epinio' } });
    await using opened = await open(path, { credentialsSecret: 's3-creds' }, kube);
    await assert.rejects(checked(opened.storage), {
      code: 'STORAGE_CREDENTIALS_MISSING',
      message: 'The Secret "s3-creds" in namespace "epinio" does not exist',
    });
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    await kube.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's3-creds', namespace: 'epinio' },
      data: { accesskey: base64(accessKeyId), secretkey: base64(`${secretAccessKey}\n`) },
    });
    await checked(opened.storage);
  });

  it('says what is wrong before the first push: keys, bucket, address', async (t) => {
    const path = need(t);
    if (path === undefined) return;
    const cases = [
      [{ secretAccessKey: 'wrong' }, 'STORAGE_DENIED', /does not accept the keys: SignatureDoesNotMatch/],
      [{ createBucket: false }, 'STORAGE_BUCKET_MISSING', /bucket "bucket-.*" of http:.* does not exist/],
      [{ endpoint: 'http://127.0.0.1:1' }, 'STORAGE_UNREACHABLE', /cannot be reached: .*ECONNREFUSED/],
    ] as const;
    for (const [more, code, message] of cases) {
      await using opened = await open(path, more);
      await assert.rejects(checked(opened.storage), (error: Error & { code: string; fix?: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.notEqual(error.fix ?? '', '');
        assert.doesNotMatch(JSON.stringify(error), /test-secret-key/);
        return true;
      });
    }
  });
});
