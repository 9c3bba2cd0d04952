import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { selfSigned } from '@epinio/core/testkit';
import { HttpClient } from './http.ts';

describe('the client', { timeout: 20_000 }, () => {
  const ours = selfSigned('localhost');
  const other = selfSigned('localhost');
  let server: Server;
  let api: string;
  let connections = 0;

  before(async () => {
    server = createServer({ cert: ours.certificate, key: ours.key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => response.end(Buffer.concat(chunks)));
    });
    server.on('connection', () => (connections += 1));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    api = `https://localhost:${String((server.address() as AddressInfo).port)}`;
  });
  after(() => server.close());

  async function post(certs: string, body: Readable, socket?: string): Promise<string> {
    const client = new HttpClient({
      api,
      certs,
      socket,
      user: '',
      pass: '',
      skipVerification: false,
      headers: {},
    });
    try {
      const { signal } = new AbortController();
      const { text } = await client.send({ method: 'POST', path: '/', body, idleTimeoutMs: 5_000, signal });
      return text;
    } finally {
      client.close();
    }
  }

  it('sends a stream to a server of the authority that it knows', async () => {
    assert.equal(
      await post(ours.certificate, Readable.from(['from ', 'source ', 'to URL'])),
      'from source to URL',
    );
    assert.equal(connections, 1);
  });

  it('asks the public authorities too before it distrusts a server, and has sent nothing to it', async () => {
    let read = 0;
    const body = new Readable({
      read() {
        this.push(Buffer.alloc(1));
        read += 1;
      },
    });
    await assert.rejects(post(other.certificate, body), { code: 'SERVER_UNTRUSTED' });
    assert.equal(connections, 3, 'one more for its own authority, one for the public ones');
    assert.equal(read, 0);
    assert.equal(body.destroyed, false, 'the sources can still be sent elsewhere');
  });

  it('goes the public way when nobody listens on the local socket any more', async () => {
    const text = await post(ours.certificate, Readable.from(['still ', 'there']), '/nonexistent/api.sock');
    assert.equal(text, 'still there');
  });
});
