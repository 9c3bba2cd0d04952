import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { BlobInfo, Storage } from '../../contracts/storage.ts';

/** A store that is open for one test, empty, with whatever serves its URLs running. */
export interface OpenStorage extends AsyncDisposable {
  readonly storage: Storage;
}

const PART = 5 * 1024 * 1024; // what S3 stores send in one piece
const EXPIRY_DEADLINE_MS = 10_000;

/** Holds an implementation of the `storage` contract to it, its URLs over real HTTP. */
export function testStorage(name: string, open: () => Promise<OpenStorage>): void {
  const put = (storage: Storage, key: string, content: string | Buffer): Promise<BlobInfo> =>
    storage.put(key, Readable.from([Buffer.from(content as Buffer)]), { contentType: 'application/x-tar' });

  describe(`storage contract: ${name}`, () => {
    it('gives back what was put, with what is known of it', async () => {
      await using opened = await open();
      const { storage } = opened;
      const content = randomBytes(PART + 12_345);
      const chunks = Array.from({ length: 90 }, (_, index) =>
        content.subarray(index * 60_000, (index + 1) * 60_000),
      );
      const expected: BlobInfo = {
        key: '3f1c9a52-6f0e-4c1b-9a57-0d7e8f3b2a11',
        size: content.length,
        sha256: sha256(content),
        contentType: 'application/gzip',
        metadata: { app: 'sample', namespace: 'workspace' },
      };
      const info = await storage.put(expected.key, Readable.from(chunks), {
        contentType: 'application/gzip',
        metadata: { App: 'sample', namespace: 'workspace' },
      });
      assert.deepEqual(info, expected);
      assert.deepEqual(await storage.info(expected.key), expected);
      const found = await storage.get(expected.key);
      assert.deepEqual(found?.info, expected);
      assert.equal(sha256(await buffer(found.content)), expected.sha256);
    });

    it('keeps a blob of no bytes', async () => {
      await using opened = await open();
      const info = await opened.storage.put('empty', Readable.from([]), { contentType: 'text/plain' });
      assert.equal(info.size, 0);
      assert.equal(info.sha256, sha256(''));
      const found = await opened.storage.get('empty');
      assert.ok(found, 'it is not there');
      assert.equal((await buffer(found.content)).length, 0);
    });

    it('answers undefined for what is not there, and deletes it again without complaint', async () => {
      await using opened = await open();
      const { storage } = opened;
      assert.equal(await storage.get('nothing'), undefined);
      assert.equal(await storage.info('nothing'), undefined);
      await storage.delete('nothing');
      await put(storage, 'something', 'x');
      await storage.delete('something');
      await storage.delete('something');
      assert.equal(await storage.get('something'), undefined);
      assert.deepEqual(await keys(storage), []);
    });

    it('replaces a blob as a whole', async () => {
      await using opened = await open();
      const { storage } = opened;
      await storage.put('a', Readable.from([Buffer.alloc(100_000, 'long')]), {
        contentType: 'text/plain',
        metadata: { old: 'yes' },
      });
      await put(storage, 'a', 'short');
      assert.equal(await read(storage, 'a'), 'short');
      assert.deepEqual((await storage.info('a'))?.metadata, {});
      assert.deepEqual(await keys(storage), ['a']);
    });

    it('keeps keys apart that begin alike, and lists by prefix', async () => {
      await using opened = await open();
      const { storage } = opened;
      const all = ['a', 'A', 'a/b', 'a/b.c', 'a/bc/d_e', 'ab', 'b-1/.hidden', 'b-1/..dots'];
      await Promise.all(all.map((key) => put(storage, key, `content of ${key}`)));
      for (const key of all) assert.equal(await read(storage, key), `content of ${key}`);
      assert.deepEqual(await keys(storage), all.toSorted());
      assert.deepEqual(await keys(storage, 'a/'), ['a/b', 'a/b.c', 'a/bc/d_e']);
      assert.deepEqual(await keys(storage, 'none'), []);
      await storage.delete('a');
      assert.equal(await read(storage, 'a/b'), 'content of a/b');
    });

    it('refuses keys that are no paths of plain segments', async () => {
      await using opened = await open();
      const { storage } = opened;
      for (const key of [
        '',
        '/',
        '/etc/passwd',
        'a//b',
        'a/',
        '..',
        '../a',
        'a/../b',
        './a',
        'a b',
        'a\0',
        'a\\b',
        'a?b',
        'ä',
      ]) {
        await assert.rejects(put(storage, key, 'x'), `put ${JSON.stringify(key)}`);
        await assert.rejects(async () => storage.get(key), `get ${JSON.stringify(key)}`);
        await assert.rejects(async () => storage.delete(key), `delete ${JSON.stringify(key)}`);
        await assert.rejects(
          async () => storage.readUrl(key, { expiresSeconds: 60 }),
          `readUrl ${JSON.stringify(key)}`,
        );
      }
      assert.deepEqual(await keys(storage), []);
    });

    it('leaves what was there when a stream breaks off, and nothing else', async () => {
      await using opened = await open();
      const { storage } = opened;
      await put(storage, 'kept', 'before');
      for (const key of ['kept', 'fresh']) {
        const broken = Readable.from(breaksOff());
        await assert.rejects(storage.put(key, broken, { contentType: 'text/plain' }), /connection lost/);
      }
      assert.equal(await read(storage, 'kept'), 'before');
      assert.deepEqual(await keys(storage), ['kept']);
    });

    it('stops when it is told to, and leaves nothing', async () => {
      await using opened = await open();
      const { storage } = opened;
      const controller = new AbortController();
      const reason = new Error('the client has gone');
      const content = Readable.from(endless(() => controller.abort(reason)));
      await assert.rejects(
        storage.put('endless', content, { contentType: 'text/plain', signal: controller.signal }),
        (error) => error === reason,
      );
      assert.equal(content.destroyed, true);
      assert.deepEqual(await keys(storage), []);
      await assert.rejects(
        storage.put('late', Readable.from(['x']), { contentType: 'text/plain', signal: controller.signal }),
      );
    });

    it('holds one whole blob when several are put under one key, and readers see whole ones', async () => {
      await using opened = await open();
      const { storage } = opened;
      const contents = ['a', 'b', 'c', 'd'].map((letter) => Buffer.alloc(300_000, letter));
      const whole = new Set(contents.map((content) => sha256(content)));
      await put(storage, 'contended', contents[0] ?? '');
      const readers = Array.from({ length: 8 }, async () => {
        const found = await storage.get('contended');
        assert.ok(found, 'it is not there');
        assert.ok(whole.has(sha256(await buffer(found.content))), 'a reader saw a mixture');
      });
      await Promise.all([...contents.map((content) => put(storage, 'contended', content)), ...readers]);
      const found = await storage.get('contended');
      assert.ok(found, 'it is not there');
      assert.equal(sha256(await buffer(found.content)), found.info.sha256);
      assert.ok(whole.has(found.info.sha256), 'a mixture is left');
    });

    it('lets a reader stop early', async () => {
      await using opened = await open();
      const { storage } = opened;
      await put(storage, 'large', Buffer.alloc(PART));
      for (let count = 0; count < 5; count++) {
        const found = await storage.get('large');
        found?.content.destroy();
      }
      const found = await storage.get('large');
      assert.ok(found, 'it is not there');
      for await (const chunk of found.content) {
        assert.notEqual((chunk as Buffer).length, 0);
        break;
      }
      assert.equal(found.content.destroyed, true);
    });

    it('gives a URL that needs nothing else', async () => {
      await using opened = await open();
      const { storage } = opened;
      const content = randomBytes(700_000);
      await put(storage, 'dir/blob.tar', content);
      const answer = await fetch(await storage.readUrl('dir/blob.tar', { expiresSeconds: 60 }));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), 'application/x-tar');
      assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(content));
    });

    it('gives a URL for this blob alone, and for reading alone', async () => {
      await using opened = await open();
      const { storage } = opened;
      await put(storage, 'mine', 'mine');
      await put(storage, 'other', 'other');
      const url = await storage.readUrl('mine', { expiresSeconds: 60 });
      const bare = new URL(url);
      bare.search = '';
      for (const forged of [url.replace('mine', 'other'), bare.href, url.slice(0, -3)]) {
        const answer = await fetch(forged);
        await answer.arrayBuffer();
        assert.ok(answer.status >= 400, `${forged} answered ${answer.status}`);
      }
      for (const method of ['PUT', 'DELETE', 'POST']) {
        const answer = await fetch(url, { method, ...(method === 'DELETE' ? {} : { body: 'evil' }) });
        await answer.arrayBuffer();
        assert.ok(answer.status >= 400, `${method} answered ${answer.status}`);
      }
      assert.equal(await read(storage, 'mine'), 'mine');
    });

    it('gives a URL that expires', async () => {
      await using opened = await open();
      const { storage } = opened;
      await put(storage, 'brief', 'brief');
      const url = await storage.readUrl('brief', { expiresSeconds: 1 });
      const deadline = Date.now() + EXPIRY_DEADLINE_MS;
      for (;;) {
        const answer = await fetch(url);
        await answer.arrayBuffer();
        if (answer.status >= 400) break;
        assert.ok(Date.now() < deadline, `the URL still works after ${EXPIRY_DEADLINE_MS} ms`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
  });
}

async function keys(storage: Storage, prefix?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const info of storage.list(prefix)) found.push(info.key);
  return found.toSorted();
}

async function read(storage: Storage, key: string): Promise<string> {
  const found = await storage.get(key);
  assert.ok(found, `${key} is not there`);
  return (await buffer(found.content)).toString();
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

async function* breaksOff(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(200_000, 'x');
  throw new Error('connection lost');
}

async function* endless(then: () => void): AsyncGenerator<Buffer> {
  for (let count = 0; ; count++) {
    if (count === 20) then();
    yield Buffer.alloc(64 * 1024);
  }
}
