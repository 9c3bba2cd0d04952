import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { systemClock, testStorage, type OpenStorage } from '@epinio/core/testkit';
import { SharedStorage } from './shared-storage.ts';

async function open(): Promise<OpenStorage & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'shared-storage-'));
  const port = await freePort();
  const needs = {
    clock: systemClock,
    dataDirectory: { path: () => folder },
    listenPorts: { claim: () => Promise.resolve(port) },
  };
  const storage = new SharedStorage(needs, {});
  const stop = new AbortController();
  let stopped = Promise.resolve();
  await new Promise<void>((ready, fail) => {
    stopped = storage.run({ signal: stop.signal, ready });
    stopped.catch(fail);
  });
  return {
    storage,
    folder,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await stopped;
      await rm(folder, { recursive: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

testStorage('shared-storage', open);

describe('shared-storage', () => {
  it('keeps equal contents once, for as long as a key stands for them', async () => {
    await using opened = await open();
    const { storage, folder } = opened;
    const contents = (): Promise<string[]> => readdir(join(folder, 'contents'));
    for (const key of ['a', 'b'])
      await storage.put(key, Readable.from(['equal']), { contentType: 'text/plain' });
    assert.equal((await contents()).length, 1);
    await storage.delete('a');
    assert.equal((await contents()).length, 1);
    await storage.put('b', Readable.from(['other']), { contentType: 'text/plain' });
    assert.equal((await contents()).length, 1);
    await storage.delete('b');
    assert.deepEqual(await contents(), []);
  });
});
