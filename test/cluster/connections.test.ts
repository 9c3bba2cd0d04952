import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { eventually } from '@epinio/core/testkit';
import { residentMemory } from '../bench/memory.ts';
import { ClusterProcess } from './support/cluster-process.ts';

const HALF_OPEN = 10_000;
const IDLE_TLS = 3_000;
const MAPS = '/api/v1/namespaces/default/configmaps';

describe('a client that opens connections and does nothing with them', () => {
  let cluster: ClusterProcess;
  const sockets = new Set<Socket>();
  before(async () => {
    cluster = await ClusterProcess.start({ apiOnly: true });
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await cluster[Symbol.asyncDispose]();
  });

  const kept = <T extends Socket>(socket: T): T => {
    sockets.add(socket);
    socket.on('error', () => undefined); // closed by the server for others, as it should be
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const tcp = (): Socket => kept(connect(cluster.port, '127.0.0.1'));
  const tls = (): TLSSocket =>
    kept(connectTls({ port: cluster.port, host: '127.0.0.1', rejectUnauthorized: false }));
  const memoryMb = async (): Promise<number> => (await residentMemory(cluster.pid))?.nowMb ?? Infinity;

  /** The administrator comes with a connection of their own each time. */
  const ask = async (): Promise<void> => {
    using client = cluster.client();
    assert.equal((await client.call('GET', MAPS)).status, 200);
  };

  /** Opens many, some at a time, with the administrator asking in between. */
  const open = async (count: number, one: () => Socket, event: string): Promise<void> => {
    for (let opened = 0; opened < count; opened += 500) {
      await Promise.all(
        Array.from({ length: 500 }, async () => {
          const socket = one();
          await Promise.race([once(socket, event), once(socket, 'close')]);
        }),
      );
      await ask();
    }
  };

  it(`does not keep others out with ${HALF_OPEN} half-open ones, nor fills the memory`, async () => {
    using client = cluster.client();
    const watch = client.watch(`${MAPS}?watch=1`);
    await client.call('POST', MAPS, { body: { metadata: { name: 'before' } } });
    await watch.next();
    const before = await memoryMb();
    await open(HALF_OPEN, tcp, 'connect');
    await ask();
    assert.ok(sockets.size < 3_000, `${sockets.size} connections are open`);
    const grown = (await memoryMb()) - before;
    assert.ok(grown < 300, `it grew by ${grown} MB`);
    // Who was there before and waits for an answer is not who has to go.
    await client.call('POST', MAPS, { body: { metadata: { name: 'after' } } });
    const { value } = (await watch.next()) as { value: { object: { metadata: { name?: string } } } };
    assert.equal(value.object.metadata.name, 'after');
    await watch.return(undefined);
    for (const socket of sockets) socket.destroy();
  });

  it(`does not keep others out with ${IDLE_TLS} idle ones after the handshake`, async () => {
    const before = await memoryMb();
    await open(IDLE_TLS, tls, 'secureConnect');
    await ask();
    const grown = (await memoryMb()) - before;
    assert.ok(grown < 400, `it grew by ${grown} MB`);
    assert.match(cluster.errors, /as many connections as it takes/);
    for (const socket of sockets) socket.destroy();
  });

  it('does not keep others out with half a header each', async () => {
    await open(
      2_500,
      () =>
        tls().once('secureConnect', function (this: TLSSocket) {
          this.write('GET /api HTTP/1.1\r\nhost: x\r\nx-slow: ');
        }),
      'secureConnect',
    );
    await ask();
    for (const socket of sockets) socket.destroy();
    await eventually(() => assert.equal(sockets.size, 0));
  });

  it('is refused before the end of a body that has none, and cut off', async () => {
    const socket = tls();
    await once(socket, 'secureConnect');
    let answer = '';
    socket.on('data', (text: Buffer) => (answer += text.toString()));
    socket.write(`POST ${MAPS} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
    await once(socket, 'close');
    assert.match(answer, /^HTTP\/1\.1 403 /);
  });

  /** Sends a body that does not end until there is an answer, or the server closes the connection. */
  const sendEndlessly = async (token: string): Promise<{ answer: string; sent: number }> => {
    const socket = tls();
    await once(socket, 'secureConnect');
    let answer = '';
    socket.on('data', (text: Buffer) => (answer += text.toString()));
    const head = [
      `POST ${MAPS} HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${token}`,
      'content-type: application/json',
    ];
    socket.write(`${head.join('\r\n')}\r\ntransfer-encoding: chunked\r\n\r\n`);
    // What was sent after the answer is refused by the system, as an error of the socket.
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    let sent = 0;
    while (!socket.destroyed && answer === '' && sent < 200_000_000) {
      sent += chunk.length;
      const drained = new Promise<void>((resolve) => socket.once('drain', () => resolve()));
      if (!socket.write(chunk)) await Promise.race([drained, closed]);
    }
    await closed;
    return { answer, sent };
  };

  it('is answered 413 for a body that does not end, and read no further', async () => {
    const token = readFileSync(`${cluster.folder}/pki/admin.token`, 'utf8').trim();
    const before = await memoryMb();
    // The end of a connection on which there is more to read may overtake the answer: then one asks again.
    let answer = '';
    let sent = 0;
    for (let attempt = 0; answer === '' && attempt < 5; attempt++)
      ({ answer, sent } = await sendEndlessly(token));
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.ok(sent < 100_000_000, `it took ${sent} bytes`);
    assert.ok((await memoryMb()) - before < 100, 'it kept them');
    await ask();
  });
});
