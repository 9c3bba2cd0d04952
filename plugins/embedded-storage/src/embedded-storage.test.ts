import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { hasCode } from '@epinio/core';
import { FakeClock, needProgram, testPlugin, testStorage } from '@epinio/core/testkit';
import { freePort, makeStorage, openStorage } from './fixtures/open-storage.ts';
import plugin from './index.ts';

const TEXT = { contentType: 'text/plain' };
const NODE = ['--import', import.meta.resolve('tsx'), '--conditions=epinio-src'];

testStorage('embedded-storage', () => openStorage());

testPlugin(plugin, {
  from: import.meta.url,
  valid: [{}, { listen: '::1', port: 9001 }],
  invalid: [
    [{ port: 70_000 }, /port/],
    [{ listen: 'example.com' }, /listen/],
  ],
});

describe('embedded-storage', () => {
  it('keeps blobs over a restart, and URLs that were given out', async () => {
    const data = await mkdtemp(join(tmpdir(), 'epinio-storage-'));
    try {
      const first = await openStorage({ data });
      await first.storage.put('kept', Readable.from(['content']), TEXT);
      const url = new URL(await first.storage.readUrl('kept', { expiresSeconds: 60 }));
      await first[Symbol.asyncDispose]();

      await using second = await openStorage({ data });
      url.port = new URL(await second.storage.readUrl('kept', { expiresSeconds: 60 })).port;
      const answer = await fetch(url);
      assert.equal(await answer.text(), 'content');
      assert.equal((await stat(join(data, 'embedded-storage', 'url-key'))).mode & 0o777, 0o600);
    } finally {
      await rm(data, { recursive: true });
    }
  });

  it('is not hurt by kill -9 in the middle of a put', async () => {
    const data = await mkdtemp(join(tmpdir(), 'epinio-storage-'));
    try {
      await makeStorage(data, 1).put('before', Readable.from(['before']), TEXT);
      const writer = spawn(
        process.execPath,
        [...NODE, join(import.meta.dirname, 'fixtures/put-endlessly.ts'), data],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      await once(writer.stdout, 'data');
      writer.kill('SIGKILL');
      await once(writer, 'close');
      const incoming = join(data, 'embedded-storage', 'incoming');
      assert.equal((await readdir(incoming)).length, 1);

      await using opened = await openStorage({ data });
      assert.deepEqual(await readdir(incoming), []);
      assert.ok(
        opened.log.entries.some(({ message }) => message.includes('crash')),
        'it says nothing of it',
      );
      assert.equal(await opened.storage.info('cut'), undefined);
      assert.equal((await opened.storage.info('before'))?.size, 6);
    } finally {
      await rm(data, { recursive: true });
    }
  });

  it('finds damage instead of handing it out', async () => {
    await using opened = await openStorage();
    const { storage, folder } = opened;
    const content = Buffer.alloc(1_000_000, 'abc');
    const damaged = async (key: string, damage: (path: string) => Promise<void>): Promise<void> => {
      await storage.put('first', Readable.from(['x']), TEXT);
      const before = new Set(await readdir(join(folder, 'blobs')));
      await storage.put(key, Readable.from([content]), TEXT);
      const name = (await readdir(join(folder, 'blobs'))).find((file) => !before.has(file)) ?? '';
      await damage(join(folder, 'blobs', name));
    };
    await damaged('cut', (path) => truncate(path, 500_000));
    await damaged('emptied', (path) => truncate(path, 0));
    await damaged('changed', (path) => overwrite(path, 700_000));
    await damaged('changed-end', async (path) => overwrite(path, (await stat(path)).size - 40));

    for (const key of ['cut', 'emptied', 'changed-end']) {
      await assert.rejects(storage.info(key), (error) => hasCode(error, 'STORAGE_CORRUPT'), key);
      await assert.rejects(storage.get(key), (error) => hasCode(error, 'STORAGE_CORRUPT'), key);
    }
    const found = await storage.get('changed');
    assert.ok(found, 'it is not there');
    await assert.rejects(buffer(found.content), (error) => hasCode(error, 'STORAGE_CORRUPT'));
    const answer = await fetch(await storage.readUrl('changed', { expiresSeconds: 60 }));
    await assert.rejects(answer.arrayBuffer(), 'the server sent a damaged blob as if it were whole');

    await storage.put('changed', Readable.from(['mended']), TEXT);
    assert.equal((await storage.info('changed'))?.size, 6);
  });

  it('says that the disk is full, and keeps nothing of what did not fit', async (t) => {
    const bwrap = needProgram(t, 'bwrap', 'make a small file system');
    if (bwrap === undefined) return;
    const script = join(import.meta.dirname, 'fixtures/fill-disk.ts');
    const sandbox = ['--dev-bind', '/', '/', '--size', String(4 * 1024 * 1024), '--tmpfs', '/mnt'];
    const child = spawn(bwrap, [...sandbox, process.execPath, ...NODE, script, '/mnt'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const result = JSON.parse(await text(child.stdout)) as Record<string, unknown>;
    assert.equal(result['code'], 'STORAGE_FULL');
    assert.equal(result['status'], 507);
    assert.match(String(result['fix']), /Free some space/);
    assert.deepEqual(result['keys'], ['fits']);
    assert.deepEqual(result['incoming'], []);
  });

  it('serves parts, and heads', async () => {
    await using opened = await openStorage();
    const { storage } = opened;
    await storage.put('digits', Readable.from(['0123456789']), TEXT);
    const url = await storage.readUrl('digits', { expiresSeconds: 60 });
    const part = async (range: string): Promise<[number, string, string | null]> => {
      const answer = await fetch(url, { headers: { range } });
      return [answer.status, await answer.text(), answer.headers.get('content-range')];
    };
    assert.deepEqual(await part('bytes=2-4'), [206, '234', 'bytes 2-4/10']);
    assert.deepEqual(await part('bytes=8-'), [206, '89', 'bytes 8-9/10']);
    assert.deepEqual(await part('bytes=-3'), [206, '789', 'bytes 7-9/10']);
    assert.deepEqual(await part('bytes=0-99'), [206, '0123456789', 'bytes 0-9/10']);
    assert.equal((await part('bytes=10-'))[0], 416);
    assert.deepEqual(await part('lines=1-2'), [200, '0123456789', null]);
    const head = await fetch(url, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), '10');
    assert.equal(head.headers.get('content-type'), 'text/plain');
    assert.equal(await head.text(), '');
  });

  it('refuses a URL whose time has come, to the second', async () => {
    const clock = new FakeClock();
    await using opened = await openStorage({ clock });
    await opened.storage.put('a', Readable.from(['a']), TEXT);
    const url = await opened.storage.readUrl('a', { expiresSeconds: 30 });
    await clock.advance(29_000);
    assert.equal((await fetch(url)).status, 200);
    await clock.advance(1000);
    assert.equal((await fetch(url)).status, 403);
    await assert.rejects(opened.storage.readUrl('a', { expiresSeconds: 0 }), (error) =>
      hasCode(error, 'STORAGE_EXPIRY_INVALID'),
    );
  });

  it('names the port that a stranger has', async () => {
    const data = await mkdtemp(join(tmpdir(), 'epinio-storage-'));
    const port = await freePort();
    const stranger = createServer().listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    try {
      const storage = makeStorage(data, port);
      const host = { signal: new AbortController().signal, ready: () => assert.fail('ready without a port') };
      await assert.rejects(
        storage.run(host),
        (error) => hasCode(error, 'PORT_IN_USE') && String(error).includes(String(port)),
      );
    } finally {
      stranger.close();
      await rm(data, { recursive: true });
    }
  });
});

async function overwrite(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.from('###'), 0, 3, position);
  await file.close();
}
