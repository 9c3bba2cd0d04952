// The least that takes a request over TLS and gives it to an application: what an ingress is compared with.
import { Agent, request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { BaselineOptions } from './baseline.ts';

process.once('message', ({ cert, key, backendPort }: BaselineOptions) => {
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const options = { agent, method, headers, host: '127.0.0.1', port: backendPort, path: url };
    const forwarded = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', (error) => outgoing.destroy(error));
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
