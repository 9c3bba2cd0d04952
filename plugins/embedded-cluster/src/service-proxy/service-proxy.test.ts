import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { EndpointSlice, EventObject, Service } from '@epinio/core';
import { FakeLog, systemClock } from '@epinio/core/testkit';
import { TestCluster } from '../controllers/testkit/test-cluster.ts';
import { startServiceProxy } from './index.ts';

/** A port that Services of these tests have: one of the platform's range that is not given to pods here. */
const PORT = 18_431;

/** A cluster without a node, but with the addresses of Services. */
class ProxyCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  static async start(): Promise<ProxyCluster> {
    const started = new ProxyCluster(await TestCluster.start({ node: false }));
    started.closeProxy = await started.startProxy();
    return started;
  }

  closeProxy: () => Promise<void> = async () => undefined;

  async startProxy(): Promise<() => Promise<void>> {
    const { kube, informers } = this.cluster;
    const signal = new AbortController().signal;
    const proxy = await startServiceProxy({
      ...{ kube, informers, log: new FakeLog(), clock: systemClock, signal, nodePortAddress: '127.0.0.1' },
    });
    this.#closers.push(() => proxy.close());
    return () => proxy.close();
  }

  /** A server that greets with its name, sends back what it gets, and counts its connections. */
  async server(name: string): Promise<{ port: number; sockets: Socket[]; close: () => Promise<void> }> {
    const sockets: Socket[] = [];
    const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined); // the client's own doing
      socket.write(`${name}\n`);
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const close = async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    this.#closers.push(close);
    return { port: (server.address() as AddressInfo).port, sockets, close };
  }

  async service(name: string, spec: Partial<Service['spec']> = {}): Promise<string> {
    const { spec: made } = await this.cluster.kube.create<Service>({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'default', name },
      spec: { ports: [{ name: 'tcp', port: PORT }], ...spec },
    });
    return made.clusterIP ?? '';
  }

  /** One slice for each port, as for pods of this node. */
  async endpoints(service: string, ports: Readonly<Record<number, object>>): Promise<void> {
    for (const [port, conditions] of Object.entries(ports)) {
      const slice: EndpointSlice = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          namespace: 'default',
          name: `${service}-${port}`,
          labels: { 'kubernetes.io/service-name': service },
        },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['127.0.0.1'], conditions }],
        ports: [{ name: 'tcp', port: Number(port), protocol: 'TCP' }],
      };
      await this.cluster.kube.apply(slice, { fieldManager: 'test', force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    await this.cluster[Symbol.asyncDispose]();
  }
}

const READY = { ready: true, serving: true, terminating: false };
const UNREADY = { ready: false, serving: false, terminating: false };
const ENDING = { ready: false, serving: true, terminating: true };

/** Connects, sends, ends; everything that came back. */
async function ask(host: string, port = PORT, body = ''): Promise<string> {
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.end(body);
  return await text(socket);
}

async function refused(host: string, port = PORT): Promise<void> {
  await assert.rejects(ask(host, port), { code: 'ECONNREFUSED' });
}

test('the address of a Service leads to its ready endpoints in turn, and refuses at once without one', async () => {
  await using started = await ProxyCluster.start();
  const { cluster } = started;
  const [a, b, c] = [await started.server('a'), await started.server('b'), await started.server('c')];
  const address = await started.service('web');
  assert.match(address, /^127\.96\./);
  await refused(address);
  await started.endpoints('web', { [a.port]: READY, [b.port]: READY, [c.port]: UNREADY });
  await cluster.until(async () => assert.equal((await askMany(address, 8)).get('b\n'), 4));
  assert.deepEqual(await askMany(address, 8), new Map([['a\n', 4], ['b\n', 4]])); // prettier-ignore
  await started.endpoints('web', { [a.port]: ENDING, [b.port]: UNREADY });
  await cluster.until(async () => assert.deepEqual(await askMany(address, 2), new Map([['a\n', 2]])));
  await started.endpoints('web', { [a.port]: UNREADY });
  await cluster.until(() => refused(address));
});

async function askMany(host: string, times: number): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (let time = 0; time < times; time++) {
    const answer = await ask(host);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  return answers;
}

test('a connection goes to the next endpoint when the first one refuses it; those that are open are kept', async () => {
  await using started = await ProxyCluster.start();
  const { cluster } = started;
  const [a, gone] = [await started.server('a'), await started.server('gone')];
  await gone.close();
  const address = await started.service('web');
  await started.endpoints('web', { [gone.port]: READY, [a.port]: READY });
  await cluster.until(async () => assert.equal(await ask(address), 'a\n'));
  for (let turn = 0; turn < 4; turn++) assert.equal(await ask(address), 'a\n');

  const open = connect({ host: address, port: PORT });
  await once(open, 'data');
  await started.endpoints('web', { [gone.port]: UNREADY, [a.port]: UNREADY });
  await cluster.until(() => refused(address));
  open.write('still here');
  assert.equal(String((await once(open, 'data'))[0]), 'still here');
  open.destroy();
});

test('what is sent arrives whole, each side can end before the other, and a slow reader holds the sender up', async () => {
  await using started = await ProxyCluster.start();
  const echo = await started.server('');
  const address = await started.service('web');
  await started.endpoints('web', { [echo.port]: READY });
  const body = 'x'.repeat(4_000_000);
  await started.cluster.until(async () =>
    assert.equal((await ask(address, PORT, body)).length, body.length + 1),
  );

  const socket = connect({ host: address, port: PORT });
  await once(socket, 'data');
  socket.pause();
  // The kernel's buffers of three connections take some of it; the rest waits here, not in the proxy.
  for (let block = 0; block < 100; block++) socket.write(Buffer.alloc(1_000_000));
  let before = -1;
  await started.cluster.until(() => {
    const [last, now] = [before, socket.writableLength];
    before = now;
    assert.equal(last, now, 'it still flows');
  });
  assert.ok(before > 50_000_000, `${before} bytes wait at the sender`);
  socket.destroy();
});

test('a client stays with its endpoint when the Service wants it', async () => {
  await using started = await ProxyCluster.start();
  const { cluster } = started;
  const [a, b] = [await started.server('a'), await started.server('b')];
  const address = await started.service('web', { sessionAffinity: 'ClientIP' });
  await started.endpoints('web', { [a.port]: READY, [b.port]: READY });
  const first = await cluster.until(() => ask(address));
  assert.deepEqual(await askMany(address, 6), new Map([[first, 6]]));
  await started.endpoints('web', { [first === 'a\n' ? a.port : b.port]: UNREADY });
  const other = first === 'a\n' ? 'b\n' : 'a\n';
  await cluster.until(async () => assert.deepEqual(await askMany(address, 3), new Map([[other, 3]])));
});

test('a node port is on the node, and goes with the Service', async () => {
  await using started = await ProxyCluster.start();
  const { kube } = started.cluster;
  const a = await started.server('a');
  const address = await started.service('web', { type: 'NodePort' });
  await started.endpoints('web', { [a.port]: READY });
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web' };
  const nodePort = (await kube.get<Service>(ref))?.spec.ports?.[0]?.nodePort ?? 0;
  await started.cluster.until(async () => assert.equal(await ask('127.0.0.1', nodePort), 'a\n'));
  assert.equal(await ask(address), 'a\n');
  await kube.delete(ref);
  await started.cluster.until(() => refused(address));
  await refused('127.0.0.1', nodePort);
});

test('who cannot be served hears why', async () => {
  await using started = await ProxyCluster.start();
  const { cluster } = started;
  const a = await started.server('a');
  const all = createServer().listen(0, '0.0.0.0');
  await once(all, 'listening');
  const { port } = all.address() as AddressInfo;
  const address = await started.service('web', {
    ports: [
      { name: 'tcp', port: PORT },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  });
  await started.service('taken', { ports: [{ name: 'tcp', port }] });
  for (const service of ['web', 'taken']) await started.endpoints(service, { [a.port]: READY });
  await cluster.until(async () => assert.equal(await ask(address), 'a\n'));
  await cluster.until(async () => {
    const events = await cluster.list<EventObject>('Event');
    const messages = new Map(events.map(({ involvedObject, reason, message = '' }) => [`${involvedObject.name ?? ''} ${reason ?? ''}`, message])); // prettier-ignore
    assert.match(
      messages.get('taken ListenFailed') ?? '',
      /^Port \d+ of 127\.96\.\d+\.\d+ cannot be opened: a program/,
    );
    assert.match(messages.get('web ProtocolNotSupported') ?? '', /^Port 53\/UDP is not forwarded/);
  });
  await new Promise((resolve) => all.close(resolve));
});

test('connections end with the proxy, and the next one opens every address anew', async () => {
  await using started = await ProxyCluster.start();
  const a = await started.server('a');
  const address = await started.service('web');
  await started.endpoints('web', { [a.port]: READY });
  await started.cluster.until(async () => assert.equal(await ask(address), 'a\n'));
  const open = connect({ host: address, port: PORT });
  await once(open, 'data');
  const ended = once(open, 'close');
  await started.closeProxy();
  await ended;
  await refused(address);
  await started.startProxy();
  await started.cluster.until(async () => assert.equal(await ask(address), 'a\n'));
});
