import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { listenEverywhere } from './listen-everywhere.ts';

test('a port that a Service has at its own address is served at all others', async (t) => {
  if (process.platform !== 'linux') {
    t.skip('this system has one loopback address');
    return;
  }
  const service = createTcpServer().listen(0, '127.96.77.7');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  const server = createServer((_request, response) => response.end('hello'));
  const stop = await listenEverywhere(server, port, '0.0.0.0');
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family }) => family === 'IPv4');
  for (const { address } of addresses) {
    const [response] = (await once(get({ host: address, port, agent: false }), 'response')) as [
      IncomingMessage,
    ];
    assert.equal(await text(response), 'hello', address);
  }
  stop();
  server.close();
  for (const { address } of addresses)
    await assert.rejects(once(get({ host: address, port, agent: false }), 'response'), {
      code: 'ECONNREFUSED',
    });
  await new Promise((resolve) => service.close(resolve));
});
