import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually } from '../testkit/eventually.ts';
import { HttpApi } from './testkit/http-api.ts';
import { ADMIN, tarball, TestApi } from './testkit/test-api.ts';

const STORE = 'namespaces/workspace/applications/sample/store';
const BOUNDARY = 'xxBOUNDARYxx';
const HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="blob"\r\nContent-Type: application/octet-stream\r\n\r\n`;
const TAIL = `\r\n--${BOUNDARY}--\r\n`;

interface Failure {
  readonly errors: { readonly title: string; readonly details?: string }[];
}

function form(part: string, content: Uint8Array): FormData {
  const data = new FormData();
  data.set(part, new Blob([content]), 'sources');
  return data;
}

describe('an upload', () => {
  it('is stored with what it belongs to', async () => {
    await using test = await TestApi.open();
    for (const content of [
      tarball('v1'),
      gzipSync(tarball('v1')),
      Buffer.from('504b0506'.padEnd(44, '0'), 'hex'),
    ]) {
      const { blobuid } = await test.json<{ blobuid: string }>(200, 'POST', STORE, form('file', content));
      assert.match(blobuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const blob = test.storage.blobs.get(blobuid);
      assert.ok(blob !== undefined, 'blob !== undefined');
      assert.deepEqual(blob.bytes, content);
      assert.equal(blob.info.contentType, 'application/tar');
      const { uploaded, ...metadata } = blob.info.metadata;
      assert.deepEqual(metadata, { app: 'sample', namespace: 'workspace', username: 'admin' });
      assert.ok(
        Math.abs(Number(uploaded) - Date.now()) < 60_000,
        'Math.abs(Number(uploaded) - Date.now()) < 60_000',
      );
    }
  });

  it('of something else is refused with the published errors, and leaves nothing', async () => {
    await using test = await TestApi.open();
    const fails = async (body: unknown, headers = {}): Promise<Failure['errors'][number] | undefined> => {
      const response = await test.request('POST', STORE, body, headers);
      assert.equal(response.status, 400);
      return ((await response.json()) as Failure).errors[0];
    };
    const text = await fails(form('file', randomBytes(4_000_000).fill('a')));
    assert.equal(text?.title, 'archive type not supported []');
    const zstd = await fails(form('file', Buffer.from('28b52ffd'.padEnd(2000, '0'), 'hex')));
    assert.equal(zstd?.title, 'archive type not supported [application/zstd]');
    assert.equal((await fails(form('file', Buffer.alloc(0))))?.title, 'archive type not supported []');
    const missing = await fails(form('other', tarball('v1')));
    assert.equal(missing?.details, "can't read multipart file input");
    const plain = await fails('{}', { 'content-type': 'application/json' });
    assert.equal(plain?.details, "can't read multipart file input");
    assert.equal(test.storage.blobs.size, 0);
  });

  it('that is cut leaves nothing', async () => {
    await using http = await HttpApi.open();
    let began = false;
    let aborted = false;
    const put = http.test.storage.put.bind(http.test.storage);
    http.test.storage.put = async (...args) => {
      began = true;
      try {
        return await put(...args);
      } catch (error) {
        aborted = true;
        throw error;
      }
    };
    const client = request(`${http.url}/api/v1/${STORE}`, {
      method: 'POST',
      headers: { authorization: ADMIN, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    });
    client.on('error', () => undefined); // we hang up ourselves
    client.write(HEAD);
    client.write(tarball('v1'));
    await eventually(() => assert.ok(began, 'began'));
    client.destroy();
    await eventually(() => assert.ok(aborted, 'aborted'));
    assert.equal(http.test.storage.blobs.size, 0);
  });

  it('that ends before the form does is an error that says so', async () => {
    await using http = await HttpApi.open();
    const body = Buffer.concat([Buffer.from(HEAD), tarball('v1')]);
    const response = await fetch(`${http.url}/api/v1/${STORE}`, {
      method: 'POST',
      headers: { authorization: ADMIN, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      body,
    });
    assert.equal(response.status, 400);
    assert.match(((await response.json()) as Failure).errors[0]?.title ?? '', /^the upload broke off/);
    assert.equal(http.test.storage.blobs.size, 0);
  });

  it('is a stream: a store that is slow makes the sender wait', async () => {
    await using http = await HttpApi.open();
    const total = 64 * 1024 ** 2;
    let proceed: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => (proceed = resolve));
    let size = 0;
    http.test.storage.put = async (key, content, options) => {
      await paused;
      for await (const chunk of content as AsyncIterable<Buffer>) size += chunk.length;
      return { key, size, sha256: '', contentType: options.contentType, metadata: {} };
    };
    const client = request(`${http.url}/api/v1/${STORE}`, {
      method: 'POST',
      headers: { authorization: ADMIN, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    });
    const status = new Promise<number | undefined>((resolve) => {
      client.on('response', (response) => resolve(response.resume().statusCode));
    });
    const chunk = Buffer.concat([tarball('v1'), randomBytes(1024 ** 2)]);
    const sources = (function* () {
      yield Buffer.from(HEAD);
      for (let sent = 0; sent < total; sent += chunk.length) yield chunk;
      yield Buffer.from(TAIL);
    })();
    Readable.from(sources, { objectMode: false, highWaterMark: 1 }).pipe(client);
    // Neither this process nor the network takes more than its buffers hold: the sender comes to a stop.
    const sent = (): number => client.socket?.bytesWritten ?? 0;
    let before = -1;
    await eventually(async () => {
      const now = sent() - (client.socket?.writableLength ?? 0);
      const isStill = now === before && now > chunk.length;
      before = now;
      assert.ok(isStill, 'isStill');
    });
    assert.ok(before < total / 2, `${Math.round(before / 1024 ** 2)} MiB were taken`);
    proceed();
    assert.equal(await status, 200);
    assert.ok(size >= total, 'size >= total');
  });
});
