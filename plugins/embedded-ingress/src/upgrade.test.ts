import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { slicesOf } from './testkit/cluster-objects.ts';
import { openApp, type TestApp } from './testkit/open-app.ts';
import { freePort, openIngress, type TestIngress } from './testkit/open-ingress.ts';

describe('websockets and other upgrades', { timeout: 60_000 }, () => {
  let ingress: TestIngress;
  let app: TestApp;
  let sockets: WebSocketServer;

  before(async () => {
    ingress = await openIngress({ retrySeconds: 0.2 });
    app = await openApp(ingress, 'ws', (_req, res) =>
      res.writeHead(426, { 'x-app': 'yes' }).end('use a websocket'),
    );
    sockets = new WebSocketServer({ server: app.server, path: '/socket' });
    sockets.on('connection', (socket, request) => {
      socket.send(JSON.stringify(request.headers));
      socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
    });
  });

  after(async () => {
    sockets.close();
    for (const client of sockets.clients) client.terminate();
    await app[Symbol.asyncDispose]();
    await ingress[Symbol.asyncDispose]();
  });

  function open(path = '/socket'): WebSocket {
    return new WebSocket(`wss://${app.host}:${app.httpsPort}${path}`, {
      ca: app.ca,
      origin: 'https://example.com',
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never),
    });
  }

  it('carries messages of any size both ways, and tells who the client is', async () => {
    const socket = open();
    const [hello] = (await once(socket, 'message')) as [Buffer];
    const headers = JSON.parse(hello.toString()) as Record<string, string>;
    assert.equal(headers['host'], `${app.host}:${app.httpsPort}`);
    assert.equal(headers['x-forwarded-proto'], 'https');
    assert.equal(headers['origin'], 'https://example.com');
    const big = Buffer.alloc(5_000_000, 7);
    socket.send(big);
    const [echo] = (await once(socket, 'message')) as [Buffer];
    assert.ok(echo.equals(big), 'echo.equals(big)');
    socket.close(4000, 'bye');
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 4000);
  });

  it("breaks the client's connection when the application's breaks, and the other way round", async () => {
    const socket = open();
    const opened = once(sockets, 'connection') as Promise<[WebSocket]>;
    await once(socket, 'message');
    const [server] = await opened;
    server.terminate();
    await once(socket, 'close');
    const next = once(sockets, 'connection') as Promise<[WebSocket]>;
    const second = open();
    await once(second, 'message');
    const [otherServer] = await next;
    const closed = once(otherServer, 'close');
    second.terminate();
    await closed;
  });

  it('passes the ordinary answer of an application that does not upgrade', async () => {
    const socket = open('/other');
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 400); // what ws says to an unknown path
    response.resume();
  });

  it('says why there is nobody to upgrade to', async () => {
    const text = await ask(
      `GET / HTTP/1.1\r\nHost: nobody.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    assert.match(text, /^HTTP\/1\.1 404 [^]*No application is published at "nobody.localhost"/);
  });

  it('answers a request to upgrade to h2c without doing so, and refuses an upgrade with a body', async () => {
    const head = `GET / HTTP/1.1\r\nHost: ${app.host}\r\nConnection: Upgrade, HTTP2-Settings\r\n`;
    const plain = await ask(`${head}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`);
    assert.match(plain, /^HTTP\/1\.1 426 [^]*x-app: yes/);
    const withBody = await ask(`${head}Upgrade: websocket\r\nContent-Length: 4\r\n\r\nbody`);
    assert.match(withBody, /^HTTP\/1\.1 400 /);
  });

  it('tries the next instance when one does not take the connection', async () => {
    const dead = slicesOf('ws', [await freePort()]);
    ingress.put(...dead);
    for (let i = 0; i < 4; i++) {
      const socket = open();
      await once(socket, 'message');
      socket.terminate();
    }
    for (const { metadata } of dead) {
      await ingress.kube.delete({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        namespace: 'workspace',
        name: metadata.name,
      });
    }
  });

  async function ask(text: string): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port: app.httpsPort, servername: app.host, ca: app.ca });
    socket.write(text);
    let answer = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) answer += chunk.toString();
    return answer;
  }
});
