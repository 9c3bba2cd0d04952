import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { openPublic } from '@epinio/core/testkit';
import { ingressObject, serviceObject, slicesOf } from './testkit/cluster-objects.ts';
import { openApp, type TestApp } from './testkit/open-app.ts';
import { openIngress, type TestIngress } from './testkit/open-ingress.ts';

describe('what is said in place of an application', { timeout: 60_000 }, () => {
  let ingress: TestIngress;
  let app: TestApp;

  before(async () => {
    ingress = await openIngress({ retrySeconds: 0.2, responseTimeoutSeconds: 1 });
    app = await openApp(ingress, 'web', (req, res) => {
      switch (req.url) {
        case '/hang':
          return;
        case '/half':
          res.writeHead(200, { 'content-length': '100' }).write('half');
          setImmediate(() => res.destroy());
          return;
        case '/die':
          req.socket.destroy();
          return;
        default:
          res.end('fine');
      }
    });
  });

  after(async () => {
    await app[Symbol.asyncDispose]();
    await ingress[Symbol.asyncDispose]();
  });

  it('says 504 when an application does not begin to answer in time', async () => {
    const { status, body } = await app.request('/hang');
    assert.equal(status, 504);
    assert.match(body, /Application "web" did not begin to answer within 1 s/);
  });

  it('says 502 when an application breaks off before it answers, and breaks off when it does after', async () => {
    const { status, body } = await app.request('/die', { method: 'POST', body: 'x' });
    assert.equal(status, 502);
    assert.match(body, /closed the connection without an answer\nSee what it says: epinio app logs web\n/);
    const connectTo = { host: '127.0.0.1', port: app.httpsPort };
    const response = await openPublic(`https://${app.host}/half`, { connectTo, ca: app.ca });
    await assert.rejects(async () => {
      for await (const chunk of response as AsyncIterable<Buffer>) assert.ok(chunk, 'chunk');
    }, /aborted/);
  });

  it('says 502 when an application does not speak HTTP, or does not listen', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume().write('SSH-2.0-OpenSSH_9.9\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    ingress.put(
      serviceObject('ssh'),
      ...slicesOf('ssh', [port]),
      ingressObject({ name: 'ssh', host: 'ssh.localhost' }),
    );
    const ask = () => app.request('/', { headers: { host: 'ssh.localhost' } });
    await waitFor(async () => (await ask()).status !== 404);
    const answer = await ask();
    assert.equal(answer.status, 502);
    assert.match(answer.body, /"ssh" answered with something that is not a valid HTTP response/);
    server.close();
    await once(server, 'close');
    const refused = await ask();
    assert.equal(refused.status, 502);
    assert.match(refused.body, /"ssh" does not accept connections\n.*PORT/);
  });

  it('gives its own answers as people and programs want them', async () => {
    const ask = (accept: string) => app.request('/', { headers: { host: 'nobody.localhost', accept } });
    const html = await ask('text/html,application/xhtml+xml,*/*;q=0.8');
    assert.equal(html.status, 404);
    assert.match(html.headers['content-type'] ?? '', /^text\/html/);
    assert.match(html.body, /No application is published at &#34;nobody.localhost&#34;/);
    const json = JSON.parse((await ask('application/json')).body) as {
      errors: { status: number; title: string }[];
    };
    assert.equal(json.errors[0]?.title, 'No application is published at "nobody.localhost"');
    const text = await ask('*/*');
    assert.match(text.headers['content-type'] ?? '', /^text\/plain/);
    assert.match(text.body, /^404 No application .*\n.*epinio app list\n$/);
    assert.equal(text.headers['cache-control'], 'no-store');
  });

  async function waitFor(check: () => Promise<boolean>): Promise<void> {
    while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
