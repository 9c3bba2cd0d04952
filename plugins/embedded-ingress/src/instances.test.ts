import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { openPublic } from '@epinio/core/testkit';
import { slicesOf } from './testkit/cluster-objects.ts';
import { openApp, type TestApp } from './testkit/open-app.ts';
import { freePort, openIngress, type TestIngress } from './testkit/open-ingress.ts';

describe('instances of an application', { timeout: 60_000 }, () => {
  let ingress: TestIngress;
  let app: TestApp;

  before(async () => {
    ingress = await openIngress({ retrySeconds: 2 });
    app = await openApp(ingress, 'scaled', (_req, res) => res.end('first'));
  });

  after(async () => {
    await app[Symbol.asyncDispose]();
    await ingress[Symbol.asyncDispose]();
  });

  async function instance(
    listener: RequestListener,
  ): Promise<Server & { readonly port: number } & AsyncDisposable> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return Object.assign(server, {
      port: (server.address() as AddressInfo).port,
      async [Symbol.asyncDispose]() {
        server.close();
        server.closeAllConnections();
      },
    });
  }

  /** Makes these the instances, and no others, as one change after the other. */
  async function setInstances(ports: readonly number[]): Promise<void> {
    const wanted = slicesOf('scaled', ports);
    ingress.put(...wanted);
    const { items } = await ingress.kube.list({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      namespace: 'workspace',
    });
    for (const { metadata } of items) {
      if (!wanted.some((slice) => slice.metadata.name === metadata.name)) {
        await ingress.kube.delete({
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          namespace: 'workspace',
          name: metadata.name,
        });
      }
    }
    // What was written is followed within a turn of the event loop or two.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  it('shares requests among them, and spares the busy one', async () => {
    const held: (() => void)[] = [];
    await using quick = await instance((_req, res) => res.end('quick'));
    await using slow = await instance((_req, res) => void held.push(() => res.end('slow')));
    await setInstances([quick.port, slow.port]);
    const answers = Array.from({ length: 20 }, () => app.request('/').then(({ body }) => body));
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // One request is held by the slow instance: all that come now go to the other.
    for (let i = 0; i < 10; i++) assert.equal((await app.request('/')).body, 'quick');
    for (let i = 0; i < 100 && held.length > 0; i++) {
      for (const release of held.splice(0)) release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const bodies = await Promise.all(answers);
    assert.ok(bodies.includes('slow') && bodies.includes('quick'), bodies.join());
  });

  it('takes the next one when one is dead, for any method, and with the body whole', async () => {
    await using alive = await instance((req, res) => void req.pipe(res));
    await setInstances([await freePort(), alive.port, await freePort()]);
    for (let i = 0; i < 6; i++) {
      const body = `payload ${i}`;
      const answer = await app.request('/', { method: i % 2 === 0 ? 'POST' : 'PUT', body });
      assert.deepEqual([answer.status, answer.body], [200, body]);
    }
  });

  it('repeats a request that may be repeated when its connection broke, and no other', async () => {
    let posts = 0;
    await using flaky = await instance((req, res) => {
      if (req.method === 'POST') posts++;
      if (req.method === 'POST' || req.headers['x-broken'] !== undefined) req.socket.resetAndDestroy();
      else res.end('fine');
    });
    let seen = 0;
    await using good = await instance((req, res) => {
      seen++;
      void req.pipe(res);
    });
    await setInstances([flaky.port, good.port]);
    for (let i = 0; i < 10; i++) {
      const answer = await app.request('/', {
        method: 'PUT',
        headers: { 'x-broken': '1' },
        body: 'x'.repeat(5000),
      });
      assert.deepEqual([answer.status, answer.body.length], [200, 5000]);
    }
    assert.ok(seen >= 10, 'seen >= 10');
    await setInstances([flaky.port]);
    const refused = await app.request('/', { method: 'POST', body: 'pay' });
    assert.equal(refused.status, 502);
    assert.equal(posts, 1);
    const given = await app.request('/', { headers: { 'x-broken': '1' } });
    assert.equal(given.status, 502, 'a request that breaks every instance is not repeated for ever');
  });

  it('holds requests for a moment while the only instance is replaced', async () => {
    await using before = await instance((_req, res) => res.end('before'));
    await setInstances([before.port]);
    assert.equal((await app.request('/')).body, 'before');
    await setInstances([]);
    const waiting = app.request('/', { method: 'POST', body: 'x' });
    await using afterwards = await instance((_req, res) => res.end('afterwards'));
    await setInstances([afterwards.port]);
    assert.equal((await waiting).body, 'afterwards');
  });

  it('lets requests on an instance that is gone finish', async () => {
    let finish: () => void = () => undefined;
    await using old = await instance((_req, res) => {
      res.write('begun, ');
      finish = () => res.end('finished');
    });
    await using fresh = await instance((_req, res) => res.end('fresh'));
    await setInstances([old.port]);
    const response = await openPublic(`https://${app.host}/`, {
      connectTo: { host: '127.0.0.1', port: app.httpsPort },
      ca: app.ca,
    });
    await setInstances([fresh.port]);
    assert.equal((await app.request('/')).body, 'fresh');
    finish();
    let body = '';
    for await (const chunk of response as AsyncIterable<Buffer>) body += chunk.toString();
    assert.equal(body, 'begun, finished');
  });

  it('loses no request of keep-alive clients through rolling deploys', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: app.ca });
    const ask = async (method: string): Promise<number> => {
      const sent = request({
        ...{ agent, method, host: '127.0.0.1', port: app.httpsPort, servername: app.host },
        headers: { host: app.host },
      });
      sent.end(method === 'POST' ? 'body' : undefined);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      await once(response, 'end');
      return response.statusCode ?? 0;
    };

    let current = await instance((_req, res) => res.end('0'));
    await setInstances([current.port]);
    const statuses: number[] = [];
    const errors: unknown[] = [];
    let isOver = false;
    const clients = Array.from({ length: 8 }, async (_, i) => {
      while (!isOver) {
        await ask(i % 4 === 3 ? 'POST' : 'GET').then(
          (status) => statuses.push(status),
          (error: unknown) => errors.push(error),
        );
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
    for (let deploy = 1; deploy <= 10; deploy++) {
      if (deploy === 5) {
        // One that fails: listed as ready, and dead.
        await setInstances([current.port, await freePort()]);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await setInstances([current.port]);
        continue;
      }
      const next = await instance((_req, res) => void setTimeout(() => res.end(String(deploy)), 5));
      await setInstances([current.port, next.port]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await setInstances([next.port]);
      // As a well-behaved application does on SIGTERM: no new connections, idle ones closed at once.
      current.close();
      current = next;
    }
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    await current[Symbol.asyncDispose]();
    assert.deepEqual(errors, []);
    assert.deepEqual(
      statuses.filter((status) => status !== 200),
      [],
    );
    assert.ok(statuses.length > 100, `${statuses.length} requests`);
  });
});
