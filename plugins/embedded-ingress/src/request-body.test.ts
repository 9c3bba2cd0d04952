import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { RequestBody } from './request-body.ts';

const options = { replayBytes: 100, idleTimeoutMs: 10_000 };

describe('RequestBody', { timeout: 10_000 }, () => {
  it('gives the whole body again, also after a part of it', async () => {
    const source = new PassThrough();
    const body = new RequestBody(source, options);
    source.write('one,');
    const first = body.open();
    const [chunk] = (await once(first, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'one,');
    const second = body.open();
    source.end('two');
    assert.equal(await text(second), 'one,two');
    assert.ok(body.canReplay, 'body.canReplay');
    assert.equal(await text(body.open()), 'one,two');
    body.close();
  });

  it('keeps no more than it may, and then cannot give it again', async () => {
    const body = new RequestBody(Readable.from([Buffer.alloc(60), Buffer.alloc(60)]), options);
    assert.equal((await text(body.open())).length, 120);
    assert.equal(body.canReplay, false);
    assert.throws(() => body.open(), /not kept/);
  });

  it('reads nothing before it is wanted, and no faster than it is taken', async () => {
    let made = 0;
    const source = new Readable({ read: () => source.push(Buffer.alloc(16_384, made++)), highWaterMark: 1 });
    const body = new RequestBody(source, options);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(made <= 1, `${made} read ahead`);
    const attempt = body.open();
    await once(attempt, 'readable');
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(made <= 8, `${made} read ahead`);
    body.close();
    source.destroy();
  });

  it('fails when the client stops sending, but not while nobody reads', async () => {
    const source = new PassThrough();
    const body = new RequestBody(source, { ...options, idleTimeoutMs: 20 });
    await new Promise((resolve) => setTimeout(resolve, 40));
    source.write('begun');
    await assert.rejects(text(body.open()), {
      code: 'REQUEST_TIMEOUT',
      message: 'The client sent nothing of its request for 0.02 s',
    });
    body.close();
  });

  it('fails when the client hangs up in the middle, and leaves it to be told so', async () => {
    const source = new PassThrough();
    const body = new RequestBody(source, options);
    const attempt = body.open();
    source.write('begun');
    setImmediate(() => source.destroy());
    await assert.rejects(text(attempt), /before its request was whole/);
    body.close();
  });

  it("leaves the client's connection alone when the one to the application breaks", () => {
    const source = new PassThrough();
    const body = new RequestBody(source, options);
    body.open().destroy(new Error('reset'));
    assert.equal(source.destroyed, false);
    body.close();
    source.destroy();
  });
});
