import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { pack } from '@epinio/core/archive';
import { EXIT } from './lifecycle-error.ts';
import { createOutput } from './output.ts';
import { temporaryFolder } from './testkit/temporary-folder.ts';
import { writeFiles } from './testkit/write-files.ts';
import { unpack } from './unpack.ts';

/** A store that answers as it is told to, and a folder to unpack to. */
async function open(answer: RequestListener) {
  const folder = temporaryFolder();
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const app = `${folder.path}/app`;
  const lines: string[] = [];
  mkdirSync(app);
  writeFiles(folder.path, { url: `http://${host}/blob?signature=secret\n` });
  return {
    app,
    host,
    lines,
    unpack: (maxBytes = 1e6, urlFile = `${folder.path}/url`) =>
      unpack({ urlFile, app, maxBytes, output: createOutput((text) => lines.push(text)) }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      folder[Symbol.dispose]();
    },
  };
}

function sources(files: Readonly<Record<string, string>>): RequestListener {
  return (_, response) => {
    const folder = temporaryFolder();
    writeFiles(folder.path, files);
    void pipeline(pack(folder.path), response).finally(() => folder[Symbol.dispose]());
  };
}

describe('fetching the sources', () => {
  it('unpacks what the link gives', async () => {
    await using opened = await open(sources({ 'a/b.txt': 'hello', 'run.sh': '#!/bin/sh\n' }));
    await opened.unpack();
    assert.equal(readFileSync(`${opened.app}/a/b.txt`, 'utf8'), 'hello');
    assert.match(
      opened.lines.join(''),
      /^===> Sources\n {5}3 files and folders, 15 B, unpacked in \d+ ms\n$/,
    );
  });

  for (const [status, reason] of [
    [403, 'the store answered 403 (the link has expired, push again)'],
    [404, 'the store answered 404 (the sources are not there any more, push again)'],
    [500, 'the store answered 500'],
  ] as const) {
    it(`says what a store means that answers ${status}, and not the link`, async () => {
      await using opened = await open((_, response) => response.writeHead(status).end());
      await assert.rejects(opened.unpack(), {
        exitCode: EXIT.unpack,
        message: `The sources cannot be fetched from ${opened.host}: ${reason}`,
      });
    });
  }

  it('fails when the connection breaks off', async () => {
    await using opened = await open((_, response) => {
      response.writeHead(200, { 'content-length': '10000' });
      response.write(Buffer.alloc(600), () => response.destroy());
    });
    await assert.rejects(opened.unpack());
  });

  it('refuses more than there is room for', async () => {
    await using opened = await open(sources({ 'big.bin': 'x'.repeat(5000) }));
    await assert.rejects(opened.unpack(4000), { code: 'ARCHIVE_TOO_LARGE' });
  });

  it('refuses what is no archive', async () => {
    await using opened = await open((_, response) => response.end('hello'));
    await assert.rejects(opened.unpack(), { code: 'ARCHIVE_UNSUPPORTED' });
    assert.ok(!existsSync(`${opened.app}/hello`), '!existsSync(`${opened.app}/hello`)');
  });
});
