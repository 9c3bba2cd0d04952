import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { after, before, beforeEach, describe, it } from 'node:test';
import { WebSocketServer } from 'ws';
import { openApp, type TestApp } from './testkit/open-app.ts';
import { openIngress, type TestIngress } from './testkit/open-ingress.ts';

describe('HTTP/2', { timeout: 60_000 }, () => {
  let ingress: TestIngress;
  let app: TestApp;
  let session: ClientHttp2Session;
  let isOpen = false;

  before(async () => {
    ingress = await openIngress({ retrySeconds: 0.2, responseTimeoutSeconds: 1 });
    app = await openApp(ingress, 'two', (req, res) => {
      switch (req.url) {
        case '/echo':
          res.writeHead(200);
          req.pipe(res);
          return;
        case '/trailers':
          res.writeHead(200, { Trailer: 'X-Sum' });
          res.write('body');
          res.addTrailers({ 'X-Sum': '42' });
          res.end();
          return;
        case '/early':
          res.writeHead(413, { connection: 'close' }).end('too large');
          return;
        case '/half':
          res.writeHead(200, { 'content-length': '100' }).write('half');
          setImmediate(() => res.destroy());
          return;
        case '/events':
          res.writeHead(200, { 'content-type': 'text/event-stream' });
          res.write('data: 1\n\n');
          return;
        case '/cookies':
          res.setHeader('Set-Cookie', ['a=1', 'b=2']).writeHead(204).end();
          return;
        default:
          res.writeHead(200, { 'x-version': req.httpVersion, connection: 'x-hop', 'x-hop': '1' });
          res.end(JSON.stringify(req.headers));
      }
    });
  });

  beforeEach(async () => {
    if (isOpen) session.close();
    session = connect(`https://${app.host}:${app.httpsPort}`, {
      ca: app.ca,
      maxSessionMemory: 100,
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    await once(session, 'remoteSettings');
    isOpen = true;
  });

  after(async () => {
    session.destroy();
    await app[Symbol.asyncDispose]();
    await ingress[Symbol.asyncDispose]();
  });

  async function respond(stream: ClientHttp2Stream): Promise<{ headers: IncomingHttpHeaders; body: string }> {
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let body = '';
    for await (const chunk of stream as AsyncIterable<Buffer>) body += chunk.toString('latin1');
    return { headers, body };
  }

  const get = (path: string, more: Record<string, string | string[]> = {}) =>
    respond(session.request({ ':path': path, ...more }));

  it('is chosen by ALPN, and reaches the application as HTTP/1.1', async () => {
    assert.equal(session.alpnProtocol, 'h2');
    const { headers, body } = await get('/', { cookie: ['a=1', 'b=2'], te: 'trailers' });
    assert.equal(headers[':status'], 200);
    assert.equal(headers['x-version'], '1.1');
    assert.equal(headers['x-hop'], undefined);
    const seen = JSON.parse(body) as Record<string, string>;
    assert.equal(seen['host'], `${app.host}:${app.httpsPort}`);
    assert.equal(seen['cookie'], 'a=1; b=2');
    assert.equal(seen['x-forwarded-for'], '127.0.0.1');
    assert.equal(seen['x-forwarded-port'], String(app.httpsPort));
    assert.ok(
      !Object.keys(seen).some((name) => name.startsWith(':')),
      "!Object.keys(seen).some((name) => name.startsWith(':'))",
    );
  });

  it('carries many requests on one connection at the same time, with bodies', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const stream = session.request({ ':path': '/echo', ':method': 'POST' });
        stream.end(Buffer.alloc(300_000, i));
        return respond(stream);
      }),
    );
    for (const [i, { body }] of answers.entries()) {
      assert.equal(body.length, 300_000);
      assert.equal(body.charCodeAt(299_999), i);
    }
  });

  it('passes trailers, repeated fields and answers without a body', async () => {
    const stream = session.request({ ':path': '/trailers' });
    const trailers = once(stream, 'trailers');
    assert.equal((await respond(stream)).body, 'body');
    assert.equal(((await trailers) as [IncomingHttpHeaders])[0]['x-sum'], '42');
    const cookies = await get('/cookies');
    assert.deepEqual([cookies.headers[':status'], cookies.headers['set-cookie']], [204, ['a=1', 'b=2']]);
    assert.deepEqual((await get('/', { ':method': 'HEAD' })).body, '');
  });

  it('passes the first event before the second one exists', async () => {
    const stream = session.request({ ':path': '/events' });
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'data: 1\n\n');
    stream.close(constants.NGHTTP2_CANCEL);
  });

  it('answers early, and needs not the rest of the request', async () => {
    const stream = session.request({ ':path': '/early', ':method': 'POST' });
    stream.on('error', () => undefined);
    stream.write(Buffer.alloc(1000));
    const { headers, body } = await respond(stream);
    assert.deepEqual([headers[':status'], body], [413, 'too large']);
    assert.equal((await get('/')).headers[':status'], 200);
  });

  it('resets the stream when the application breaks off', async () => {
    const stream = session.request({ ':path': '/half' });
    await assert.rejects(respond(stream), { code: 'ERR_HTTP2_STREAM_ERROR' });
    assert.equal((await get('/')).headers[':status'], 200);
  });

  it('answers 100 Continue', async () => {
    const stream = session.request({ ':path': '/echo', ':method': 'POST', expect: '100-continue' });
    await once(stream, 'continue');
    stream.end('ok');
    assert.equal((await respond(stream)).body, 'ok');
  });

  it('refuses a host field that contradicts :authority, and routes by :authority', async () => {
    const { headers } = await get('/', { ':authority': app.host, host: 'other.localhost' });
    assert.equal(headers[':status'], 400);
    const unknown = await get('/', { ':authority': 'nobody.localhost' });
    assert.equal(unknown.headers[':status'], 404);
    assert.match(unknown.body, /"nobody.localhost"/);
  });

  it('opens a websocket inside of the connection', async () => {
    const sockets = new WebSocketServer({ server: app.server, path: '/ws', handleProtocols: () => 'chat' });
    sockets.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => socket.send(`got ${data.toString()}`)),
    );
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/ws',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'chat',
    });
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    assert.equal(headers[':status'], 200);
    assert.equal(headers['sec-websocket-protocol'], 'chat');
    assert.equal(headers['sec-websocket-accept'], undefined);
    // A masked text frame with mask 0: "hi".
    stream.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
    const [frame] = (await once(stream, 'data')) as [Buffer];
    assert.equal(frame.subarray(2).toString(), 'got hi');
    stream.close();
    sockets.close();
  });

  it('refuses other uses of CONNECT', async () => {
    const stream = session.request({ ':method': 'CONNECT', ':protocol': 'tcp', ':path': '/' });
    assert.equal((await respond(stream)).headers[':status'], 400);
    const plain = session.request({ ':method': 'CONNECT', ':authority': 'example.com:25' });
    await assert.rejects(respond(plain), { code: 'ERR_HTTP2_STREAM_ERROR' });
  });
});
