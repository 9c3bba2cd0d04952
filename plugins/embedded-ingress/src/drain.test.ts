import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { openPublic } from '@epinio/core/testkit';
import { WebSocket, WebSocketServer } from 'ws';
import { openApp } from './testkit/open-app.ts';
import { freePort, openIngress } from './testkit/open-ingress.ts';

const lookup = (_host: string, _options: unknown, done: (error: null, addresses: never) => void): void =>
  done(null, [{ address: '127.0.0.1', family: 4 }] as never);

describe('stopping', { timeout: 30_000 }, () => {
  it('lets requests finish, takes no new ones, and closes what never ends', async () => {
    await using ingress = await openIngress({ drainSeconds: 20 });
    const held: (() => void)[] = [];
    await using app = await openApp(ingress, 'late', (req, res) => {
      if (req.url === '/late') {
        res.write('begun, ');
        held.push(() => res.end('finished'));
      } else res.end('ok');
    });
    const sockets = new WebSocketServer({ server: app.server });
    const socket = new WebSocket(`wss://${app.host}:${app.httpsPort}/`, { ca: app.ca, lookup });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const session = connectHttp2(`https://${app.host}:${app.httpsPort}`, { ca: app.ca, lookup });
    const connectTo = { host: '127.0.0.1', port: app.httpsPort };
    const one = await openPublic(`https://${app.host}/late`, { connectTo, ca: app.ca });
    const two = session.request({ ':path': '/late' });
    await once(two, 'response');

    const stopped = ingress.stop();
    await once(session, 'goaway');
    await assert.rejects(openPublic(`https://${app.host}/`, { connectTo, ca: app.ca }), {
      code: 'ECONNREFUSED',
    });
    for (const finish of held) finish();
    for (const answer of [one, two]) {
      let body = '';
      for await (const chunk of answer as AsyncIterable<Buffer>) body += chunk.toString();
      assert.equal(body, 'begun, finished');
    }
    await Promise.all([stopped, closed]);
    sockets.close();
  });

  it('waits no longer than it was told to', async () => {
    await using ingress = await openIngress({ drainSeconds: 0.05 });
    await using app = await openApp(ingress, 'never', (req, res) => {
      if (req.url === '/never') res.write('begun');
      else res.end();
    });
    const connectTo = { host: '127.0.0.1', port: app.httpsPort };
    const response = await openPublic(`https://${app.host}/never`, { connectTo, ca: app.ca });
    response.resume();
    const broken = once(response, 'error');
    await ingress.stop();
    await broken;
  });
});

describe('starting', { timeout: 30_000 }, () => {
  it('says which port is in use, and what to do', async () => {
    const port = await freePort();
    const stranger = createServer().listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    await assert.rejects(openIngress({ httpsPort: port }), (error: Error & { fix?: string }) => {
      assert.match(error.message, new RegExp(`^Port ${port} on 127.0.0.1 is used by another program$`));
      assert.match(error.fix ?? '', /httpsPort/);
      return true;
    });
    stranger.close();
  });

  it('keeps its fallback certificate, so that an exception once given holds', async () => {
    // The folder is the same for both only inside of one; so the file itself is looked at.
    const { fallbackCertificate } = await import('./fallback-certificate.ts');
    const { mkdtemp, readFile, rm, stat, writeFile } = await import('node:fs/promises');
    const folder = await mkdtemp('/tmp/epinio-fallback-');
    const now = Date.now();
    const first = await fallbackCertificate(folder, 'localhost', now);
    assert.equal(await fallbackCertificate(folder, 'localhost', now), first);
    assert.equal((await stat(`${folder}/fallback.pem`)).mode & 0o777, 0o600);
    assert.notEqual(await fallbackCertificate(folder, 'example.com', now), first);
    await writeFile(`${folder}/fallback.pem`, first.slice(0, 100));
    assert.notEqual(await fallbackCertificate(folder, 'localhost', now), first);
    const renewed = await fallbackCertificate(folder, 'localhost', now + 800 * 86_400_000);
    assert.equal(await readFile(`${folder}/fallback.pem`, 'utf8'), renewed);
    await rm(folder, { recursive: true });
  });
});
