import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { listenLocally } from './listen-locally.ts';

describe(
  'the local socket',
  { timeout: 20_000, skip: process.platform === 'win32' && 'no such sockets' },
  () => {
    let folder: string;
    let api: Server;
    let port: number;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'epinio-door-'));
      api = createServer((incoming, answer) => incoming.pipe(answer));
      await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening));
      port = (api.address() as AddressInfo).port;
    });
    after(async () => {
      api.close();
      await rm(folder, { recursive: true });
    });

    it('leads to the API, for the user alone', async () => {
      await using door = await listenLocally(folder, port);
      const { path = '' } = door;
      assert.equal((await stat(path)).mode & 0o777, 0o600, 'its mode');
      assert.equal(await echo(path, 'from source to URL'), 'from source to URL', 'its answer');
    });

    it('takes the place of what a killed server has left, and leaves nothing when it is closed', async () => {
      await writeFile(join(folder, 'api.sock'), '');
      const door = await listenLocally(folder, port);
      assert.equal(await echo(door.path ?? '', 'x'), 'x', 'its answer');
      await door[Symbol.asyncDispose]();
      await assert.rejects(stat(door.path ?? ''), { code: 'ENOENT' });
    });

    it('is not made where its path is too long for a socket', async () => {
      await using door = await listenLocally(join(folder, 'x'.repeat(100)), port);
      assert.equal(door.path, undefined, 'its path');
    });
  },
);

function echo(socketPath: string, text: string): Promise<string> {
  return new Promise((done, fail) => {
    const outgoing = request({ socketPath, method: 'POST', path: '/', agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => (body += part));
      answer.on('end', () => done(body));
    });
    outgoing.on('error', fail);
    outgoing.end(text);
  });
}
