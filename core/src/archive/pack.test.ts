import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, cp, mkdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { hasCode } from '../kernel/errors.ts';
import { needProgram } from '../testkit/need-program.ts';
import { digestOf } from '../oci/digest.ts';
import { extract } from './extract.ts';
import { contentsOf, temporaryFolder } from './fixtures/temporary-folder.ts';
import { pack } from './pack.ts';

const limits = { maxBytes: 100_000_000, maxEntries: 10_000 };
const LARGE = 4_000_000;

async function makeTree(folder: string): Promise<void> {
  await mkdir(join(folder, 'src', 'deep'), { recursive: true });
  await mkdir(join(folder, 'empty'));
  await writeFile(join(folder, 'src', 'deep', 'ä ß.txt'), 'umlaut');
  await writeFile(join(folder, 'src', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(folder, 'src.txt'), 'beside');
  await writeFile(join(folder, 'n'.repeat(200)), 'long');
  await writeFile(join(folder, 'large'), Buffer.alloc(LARGE, 'large '));
  await symlink('../src.txt', join(folder, 'src', 'up'));
  await symlink('nowhere', join(folder, 'dangling'));
  await symlink('.', join(folder, 'src', 'loop'));
}

describe('pack', () => {
  it('packs a tree so that extract gives it back', async () => {
    await using folder = await temporaryFolder();
    await using out = await temporaryFolder();
    await makeTree(folder.path);
    const told: [string, number][] = [];
    await extract(pack(folder.path, { onEntry: (...entry) => told.push(entry) }), out.path, { limits });
    assert.deepEqual(await contentsOf(out.path), await contentsOf(folder.path));
    assert.deepEqual(told.slice(0, 3), [
      ['dangling', 0],
      ['empty', 0],
      ['large', LARGE],
    ]);
  });

  it('makes the same bytes of the same tree, whoever made it and when', async () => {
    await using one = await temporaryFolder();
    await using two = await temporaryFolder();
    await makeTree(one.path);
    await cp(one.path, two.path, { recursive: true, verbatimSymlinks: true });
    await utimes(join(two.path, 'src.txt'), 1, 1);
    await chmod(join(two.path, 'src.txt'), 0o666);
    await chmod(join(two.path, 'src', 'run.sh'), 0o711);
    await chmod(join(two.path, 'empty'), 0o700);
    assert.equal(await digest(one.path), await digest(two.path));
    await chmod(join(two.path, 'src.txt'), 0o755);
    assert.notEqual(await digest(one.path), await digest(two.path));
  });

  it('is read by GNU tar', async (t) => {
    if (needProgram(t, 'tar', 'read what was packed') === undefined) return;
    await using folder = await temporaryFolder();
    await makeTree(folder.path);
    const { stdout, status } = spawnSync('tar', ['-tv', '--numeric-owner', '--utc'], {
      input: await buffer(pack(folder.path, { include: (path) => path.startsWith('src') })),
      encoding: 'utf8',
      env: { LC_ALL: 'C.UTF-8' },
    });
    assert.equal(status, 0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' '));
    assert.deepEqual(lines, [
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 src/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 src/deep/',
      '-rw-r--r-- 0/0 6 1970-01-01 00:00 src/deep/ä ß.txt',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 src/loop -> .',
      '-rwxr-xr-x 0/0 10 1970-01-01 00:00 src/run.sh',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 src/up -> ../src.txt',
      '-rw-r--r-- 0/0 6 1970-01-01 00:00 src.txt',
    ]);
  });

  it('leaves out what it is told to, and does not look into it', async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path);
    await symlink('/etc', join(folder.path, 'empty', 'outside'));
    const asked: string[] = [];
    const include = (path: string, isDirectory: boolean): boolean => {
      asked.push(isDirectory ? `${path}/` : path);
      return path === 'src' || path === 'src/run.sh';
    };
    await using out = await temporaryFolder();
    await extract(pack(folder.path, { include }), out.path, { limits });
    assert.deepEqual(Object.keys(await contentsOf(out.path)), ['src 755', 'src/run.sh 755']);
    assert.ok(asked.includes('empty/'), 'a folder was not asked for');
    assert.ok(
      !asked.some((path) => path.startsWith('empty/o') || path.startsWith('src/deep/ä')),
      'it was looked into',
    );
  });

  it('refuses links that lead outside, and names them', async () => {
    for (const target of ['/etc/passwd', '../outside', 'a/../../outside', 'in/../outside']) {
      await using folder = await temporaryFolder();
      await mkdir(join(folder.path, 'a'));
      await mkdir(join(folder.path, 'one', 'two'), { recursive: true });
      await symlink('.', join(folder.path, 'in'));
      await symlink(target, join(folder.path, 'link'));
      await assert.rejects(buffer(pack(folder.path)), (error) => {
        assert.match(String(error), /"link" is a link to .* outside/);
        return hasCode(error, 'SOURCE_LINK_OUTSIDE');
      });
    }
  });

  it('leaves out sockets and pipes, and says so', async (t) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), 'file');
    const server = createServer().listen(join(folder.path, 'socket'));
    await once(server, 'listening');
    t.after(() => server.close());
    const warnings: string[] = [];
    await using out = await temporaryFolder();
    await extract(pack(folder.path, { onWarning: (message) => warnings.push(message) }), out.path, {
      limits,
    });
    assert.deepEqual(await contentsOf(out.path), { 'file 644': 'file' });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /"socket" .* left out/);
  });

  it('does not pass off as whole what changes while it is read', async () => {
    const changes: Record<string, (path: string) => Promise<void>> = {
      shrinks: (path) => truncate(path, 10),
      grows: (path) => appendFile(path, 'more'),
      changes: (path) => writeFile(path, 'x', { flag: 'r+' }),
    };
    for (const [name, change] of Object.entries(changes)) {
      await using folder = await temporaryFolder();
      const path = join(folder.path, name);
      await writeFile(path, Buffer.alloc(LARGE));
      await utimes(path, 1, 1);
      await assert.rejects(
        readSlowly(pack(folder.path), () => change(path)),
        (error) => {
          assert.match(String(error), new RegExp(`"${name}" changed while it was being read`));
          return hasCode(error, 'SOURCE_CHANGED');
        },
      );
    }
    await using folder = await temporaryFolder();
    for (const name of ['a', 'b']) await writeFile(join(folder.path, name), Buffer.alloc(LARGE));
    const vanishes = readSlowly(pack(folder.path), () => rm(join(folder.path, 'b')));
    await assert.rejects(
      vanishes,
      (error) => hasCode(error, 'SOURCE_CHANGED') && String(error).includes('"b"'),
    );
  });

  it('names what it cannot read', async () => {
    const asNobody = async (work: () => Promise<void>): Promise<void> => {
      if (process.getuid?.() !== 0) return work();
      process.seteuid?.('nobody');
      try {
        await work();
      } finally {
        process.seteuid?.(0);
      }
    };
    for (const isFolder of [false, true]) {
      await using folder = await temporaryFolder();
      await chmod(folder.path, 0o755);
      const path = join(folder.path, 'secret');
      await (isFolder ? mkdir(path) : writeFile(path, 'secret'));
      await chmod(path, 0);
      await asNobody(() =>
        assert.rejects(buffer(pack(folder.path)), (error) => {
          assert.match(String(error), /"secret" cannot be read by this user/);
          return hasCode(error, 'SOURCE_UNREADABLE');
        }),
      );
      await chmod(path, 0o700);
    }
    await using folder = await temporaryFolder();
    await assert.rejects(buffer(pack(join(folder.path, 'none'))), (error) =>
      hasCode(error, 'SOURCE_NOT_FOUND'),
    );
    await writeFile(join(folder.path, 'file'), '');
    await assert.rejects(buffer(pack(join(folder.path, 'file'))), (error) =>
      hasCode(error, 'SOURCE_NOT_FOUND'),
    );
    await writeFile(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0x61, 0xff])]), 'x');
    await assert.rejects(buffer(pack(folder.path)), /not UTF-8/);
  });

  it('stops when it is told to, or when nobody reads on', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'large'), Buffer.alloc(LARGE));
    const controller = new AbortController();
    const reason = new Error('the user has gone');
    const stopped = readSlowly(pack(folder.path, { signal: controller.signal }), async () =>
      controller.abort(reason),
    );
    await assert.rejects(stopped, (error) => error === reason);
    const unread = pack(folder.path);
    for await (const chunk of unread) {
      assert.notEqual((chunk as Buffer).length, 0);
      break;
    }
    assert.equal(unread.destroyed, true);
  });
});

async function digest(folder: string): Promise<string> {
  return digestOf(await buffer(pack(folder)));
}

/** Reads all of a stream; after the first bytes something happens. */
async function readSlowly(stream: Readable, then: () => Promise<void>): Promise<void> {
  let count = 0;
  for await (const chunk of stream) {
    assert.notEqual((chunk as Buffer).length, 0);
    count += 1;
    if (count === 1) await then();
  }
}
