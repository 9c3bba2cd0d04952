import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { openPublic } from '@epinio/core/testkit';
import { openApp, type TestApp } from './testkit/open-app.ts';
import { openIngress, type TestIngress } from './testkit/open-ingress.ts';

describe('HTTP/1.1', { timeout: 60_000 }, () => {
  let ingress: TestIngress;
  let app: TestApp;
  const MiB = 1024 * 1024;

  before(async () => {
    ingress = await openIngress({ retrySeconds: 0.2 });
    app = await openApp(ingress, 'web', (req, res) => {
      const url = new URL(req.url ?? '', 'http://x');
      switch (url.pathname) {
        case '/echo':
          res.writeHead(200, { 'content-type': 'application/octet-stream' });
          req.pipe(res);
          return;
        case '/hash': {
          const hash = createHash('sha256');
          req.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => res.end(hash.digest('hex')));
          return;
        }
        case '/big':
          Readable.from(blocks(64)).pipe(res);
          return;
        case '/early':
          res.writeHead(413, { 'content-type': 'text/plain' }).end('too large');
          return;
        case '/trailers':
          res.writeHead(200, { Trailer: 'X-Sum' });
          res.write('body');
          res.addTrailers({ 'X-Sum': '42' });
          res.end();
          return;
        case '/cookies':
          res.setHeader('Set-Cookie', ['a=1', 'b=2']).writeHead(204).end();
          return;
        case '/hang':
          return;
        default:
          res.writeHead(200, 'Fine', { 'x-method': req.method, 'x-target': req.url });
          res.end(JSON.stringify(req.headers));
      }
    });
  });

  after(async () => {
    await app[Symbol.asyncDispose]();
    await ingress[Symbol.asyncDispose]();
  });

  /** A connection to write to as one likes. */
  async function raw(text?: string): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port: app.httpsPort, servername: app.host, ca: app.ca });
    await once(socket, 'secureConnect');
    if (text !== undefined) socket.write(text);
    return socket;
  }

  async function allOf(socket: Socket): Promise<string> {
    let text = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString('latin1');
    return text;
  }

  it('passes method, target, status text, repeated fields and answers without a body', async () => {
    const got = await openPublic(`https://${app.host}/a%2Fb?x=1&y=%20`, options({ method: 'DELETE' }));
    assert.equal(got.statusMessage, 'Fine');
    assert.equal(got.headers['x-target'], '/a%2Fb?x=1&y=%20');
    assert.equal(got.headers['x-method'], 'DELETE');
    got.resume();
    const head = await app.request('/', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    const cookies = await app.request('/cookies');
    assert.deepEqual([cookies.status, cookies.headers['set-cookie']], [204, ['a=1', 'b=2']]);
  });

  it('keeps a connection over many requests, and says how long it may be idle', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 5; i++) {
      const sent = request({
        ...options(),
        agent,
        host: '127.0.0.1',
        path: '/',
        servername: app.host,
        headers: { host: app.host },
      }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      assert.match(String(response.headers['keep-alive']), /timeout=75/);
      ports.add(response.socket.localPort);
      response.resume();
      await once(response, 'end');
    }
    assert.equal(ports.size, 1);
    agent.destroy();
  });

  it('streams large bodies both ways without keeping them', async () => {
    global.gc?.();
    const baseline = process.memoryUsage().rss;
    const total = 96;
    const hash = createHash('sha256');
    const answer = await app.request('/hash', {
      method: 'POST',
      body: Readable.from(blocks(total, (block) => hash.update(block))),
    });
    assert.equal(answer.body, hash.digest('hex'));
    const response = await openPublic(`https://${app.host}/big`, options());
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
    assert.equal(bytes, 64 * MiB);
    const grown = (process.memoryUsage().rss - baseline) / MiB;
    assert.ok(grown < total, `memory grew by ${grown.toFixed()} MiB`);
  });

  it('reads no faster from an application than its client reads', async () => {
    let sent = 0;
    await using slow = await openApp(ingress, 'slow', (req, res) => {
      if (req.url !== '/flood') return void res.end();
      const block = Buffer.alloc(64 * 1024);
      const pump = (): void => {
        while (!res.destroyed && res.write(block)) sent += block.length;
        res.once('drain', pump);
      };
      pump();
    });
    const response = await openPublic(`https://${slow.host}/flood`, options({ ca: slow.ca }));
    response.pause();
    // What fills up are the buffers on the way; then the application has to wait.
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(sent < 32 * MiB, `${sent} bytes were taken`);
    response.destroy();
  });

  it('ends the request to the application when its client hangs up', async () => {
    const gone = new Promise<void>((resolve) => {
      app.server.once('request', (_req, res) => res.once('close', resolve));
    });
    const sent = request({
      ...options(),
      host: '127.0.0.1',
      path: '/hang',
      servername: app.host,
      headers: { host: app.host },
      agent: false,
    });
    sent.on('error', () => undefined);
    sent.end();
    await once(app.server, 'request');
    sent.destroy();
    await gone;
  });

  it('passes trailers', async () => {
    const response = await openPublic(`https://${app.host}/trailers`, options());
    response.resume();
    await once(response, 'end');
    assert.deepEqual(response.trailers, { 'x-sum': '42' });
  });

  it('passes an answer that comes before the request is whole, and takes the next request after it', async () => {
    const socket = await raw(
      `POST /early HTTP/1.1\r\nHost: ${app.host}\r\nContent-Length: 100000\r\n\r\npart`,
    );
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 413 /);
    socket.write(Buffer.alloc(100_000 - 4));
    socket.write(`GET /next HTTP/1.1\r\nHost: ${app.host}\r\nConnection: close\r\n\r\n`);
    assert.match(await allOf(socket), /HTTP\/1\.1 200 Fine/);
  });

  it('answers 100 Continue itself, and does not pass it on', async () => {
    const socket = await raw(
      `POST /echo HTTP/1.1\r\nHost: ${app.host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`,
    );
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 100 /);
    socket.write('ok');
    assert.match(await allOf(socket), /200 OK[^]*ok/);
  });

  it('serves HTTP/1.0 clients', async () => {
    const text = await allOf(await raw(`GET / HTTP/1.0\r\nHost: ${app.host}\r\n\r\n`));
    assert.match(text, /^HTTP\/1\.1 200 Fine/);
    assert.doesNotMatch(text, /chunked/i);
  });

  it('takes the absolute form of a target, when it agrees with the Host field', async () => {
    const same = await raw(
      `GET http://${app.host}/abs?q HTTP/1.1\r\nHost: ${app.host}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(await allOf(same), /x-target: \/abs\?q\r\n/i);
    const other = await raw(
      `GET http://other.localhost/ HTTP/1.1\r\nHost: ${app.host}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(await allOf(other), /^HTTP\/1\.1 400 /);
  });

  it('refuses requests whose framing or host can be read in two ways', async () => {
    const host = `Host: ${app.host}\r\n`;
    const tricks = {
      'length and chunks': `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'two lengths': `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
      'chunks that are none': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      'two hosts': `GET / HTTP/1.1\r\n${host}Host: other.localhost\r\n\r\n`,
      'no host': 'GET / HTTP/1.1\r\n\r\n',
      'a host that is none': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
      'a bare line feed': `GET / HTTP/1.1\nHost: ${app.host}\n\nGET /smuggled HTTP/1.1\n\n`,
      'a space before the colon': `GET / HTTP/1.1\r\n${host}X-A : b\r\n\r\n`,
    };
    for (const [trick, text] of Object.entries(tricks)) {
      const socket = await raw(text);
      const answer = await allOf(socket);
      assert.match(answer, /^HTTP\/1\.1 400 /, trick);
      assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, trick);
    }
  });

  it('limits the header of a request', async () => {
    const text = await allOf(
      await raw(`GET / HTTP/1.1\r\nHost: ${app.host}\r\nX-Big: ${'x'.repeat(40_000)}\r\n\r\n`),
    );
    assert.match(text, /^HTTP\/1\.1 431 /);
  });

  function options(more: object = {}) {
    return {
      connectTo: { host: '127.0.0.1', port: app.httpsPort },
      port: app.httpsPort,
      ca: app.ca,
      ...more,
    };
  }
});

function* blocks(count: number, seen: (block: Buffer) => unknown = () => undefined): Generator<Buffer> {
  const random = randomBytes(1024 * 1024);
  for (let i = 0; i < count; i++) {
    random[0] = i;
    seen(random);
    yield Buffer.from(random);
  }
}
