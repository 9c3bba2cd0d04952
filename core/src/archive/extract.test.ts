import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isEpinioError } from '../kernel/errors.ts';
import { needProgram } from '../testkit/need-program.ts';
import { extract } from './extract.ts';
import { streamOf, tarOf, zipOf } from './fixtures/hostile.ts';
import { contentsOf, temporaryFolder } from './fixtures/temporary-folder.ts';

const limits = { maxBytes: 10_000_000, maxEntries: 1000 };
const TREE = {
  'bin 755': '/',
  'bin/run 755': '#!/bin/sh\n',
  'empty 755': '/',
  link: '-> bin/run',
  'read.me 644': 'hello',
};

/** Extracts into `<folder>/out`, with a neighbour that must stay as it is. */
async function extractIn(folder: string, archive: Buffer, options = {}): Promise<Record<string, string>> {
  const out = join(folder, 'out');
  await mkdir(out, { recursive: true });
  await extract(streamOf(archive), out, { limits, ...options });
  return contentsOf(out);
}

/** Checks that an archive is refused, by code and message, and that nothing came to be outside of its folder. */
async function assertRefused(archive: Buffer, code: string, message: RegExp, options = {}): Promise<void> {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'neighbour'), 'untouched');
  await assert.rejects(extractIn(folder.path, archive, options), (error) => {
    assert.ok(isEpinioError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.notEqual(error.fix, undefined);
    return true;
  });
  assert.deepEqual((await readdir(folder.path)).sort(), ['neighbour', 'out']);
  assert.equal(await readFile(join(folder.path, 'neighbour'), 'utf8'), 'untouched');
}

const tree = (): Promise<Buffer> =>
  tarOf(
    [{ name: './', type: 'directory' }],
    [{ name: './bin/', type: 'directory', mode: 0o700 }],
    [{ name: './bin/run', mode: 0o4770 }, '#!/bin/sh\n'],
    [{ name: 'empty/', type: 'directory' }],
    [{ name: 'link', type: 'symlink', linkname: 'bin/run' }],
    [{ name: 'read.me', mode: 0o600, uid: 1234 }, 'hello'],
  );

describe('extract', () => {
  it('unpacks a tar, compressed or not, with plain modes', async () => {
    const plain = await tree();
    for (const archive of [plain, gzipSync(plain)]) {
      await using folder = await temporaryFolder();
      assert.deepEqual(await extractIn(folder.path, archive), TREE);
    }
  });

  for (const program of ['bzip2', 'xz', 'zstd']) {
    it(`unpacks what ${program} compressed`, async (t) => {
      if (needProgram(t, program, `make a tar compressed by ${program}`) === undefined) return;
      const { stdout } = spawnSync(program, ['-c'], { input: await tree() });
      await using folder = await temporaryFolder();
      assert.deepEqual(await extractIn(folder.path, stdout), TREE);
      await assertRefused(stdout.subarray(0, -20), 'ARCHIVE_INVALID', /damaged/);
    });
  }

  it('unpacks a zip, from Unix and from Windows', async () => {
    await using folder = await temporaryFolder();
    const archive = zipOf(
      { name: 'bin/run', content: '#!/bin/sh\n', mode: 0o104755 },
      { name: 'empty/', mode: 0o040700 },
      { name: 'link', content: 'bin/run', mode: 0o120777 },
      { name: 'read.me', content: 'hello', deflate: true },
    );
    assert.deepEqual(await extractIn(folder.path, archive), TREE);
    await using other = await temporaryFolder();
    assert.deepEqual(await extractIn(other.path, zipOf({ name: 'a\\b.txt', content: 'x' })), {
      'a 755': '/',
      'a/b.txt 644': 'x',
    });
  });

  it('unpacks what GNU tar makes, with long and foreign names', async (t) => {
    if (needProgram(t, 'tar', 'make an archive that is not our own') === undefined) return;
    await using folder = await temporaryFolder();
    const long = 'd'.repeat(150);
    await mkdir(join(folder.path, 'in', long), { recursive: true });
    await writeFile(join(folder.path, 'in', long, `${'f'.repeat(200)} Ünïcode.txt`), 'deep');
    await writeFile(join(folder.path, 'in', 'one'), 'one');
    await symlink('l'.repeat(180), join(folder.path, 'in', 'dangling'));
    for (const format of ['gnu', 'pax', 'ustar', 'v7']) {
      const only = format === 'gnu' || format === 'pax' ? '.' : 'one';
      const { stdout } = spawnSync('tar', ['-c', `--format=${format}`, '-C', join(folder.path, 'in'), only]);
      await using out = await temporaryFolder();
      await extract(streamOf(stdout), out.path, { limits });
      const wanted = only === '.' ? await contentsOf(join(folder.path, 'in')) : { 'one 644': 'one' };
      assert.deepEqual(await contentsOf(out.path), wanted, format);
    }
  });

  it('tells how much came out', async () => {
    await using folder = await temporaryFolder();
    assert.deepEqual(await extract(streamOf(await tree()), folder.path, { limits }), {
      entries: 6,
      bytes: 15,
    });
    assert.deepEqual(await extract(streamOf(Buffer.alloc(1024)), folder.path, { limits }), {
      entries: 0,
      bytes: 0,
    });
  });

  it('gives the same modes whatever the umask', async () => {
    await using folder = await temporaryFolder();
    const before = process.umask(0o077);
    try {
      await extract(streamOf(await tree()), folder.path, { limits });
    } finally {
      process.umask(before);
    }
    assert.deepEqual(await contentsOf(folder.path), TREE);
  });

  it('takes the last of several entries of one name, and never writes through the first', async () => {
    await using folder = await temporaryFolder();
    const archive = await tarOf(
      [{ name: 'a' }, 'first'],
      [{ name: 'hard', type: 'link', linkname: 'a' }],
      [{ name: 'a' }, 'second'],
    );
    assert.deepEqual(await extractIn(folder.path, archive), { 'a 644': 'second', 'hard 644': 'first' });
    const folderTwice = await tarOf([{ name: 'a/', type: 'directory' }], [{ name: 'a' }, 'file']);
    await assertRefused(folderTwice, 'ARCHIVE_INVALID', /"a" is there twice/);
    await assertRefused(
      await tarOf([{ name: 'a' }, 'file'], [{ name: 'a/b' }, 'x']),
      'ARCHIVE_INVALID',
      /"a\/b" is below a name that is a file/,
    );
  });

  it('keeps links that stay inside, whatever they look like', async () => {
    await using folder = await temporaryFolder();
    const links = {
      up: 'a/../b',
      'a/back': '../b',
      loop1: 'loop2',
      loop2: 'loop1',
      nowhere: 'not/there',
      self: '.',
    };
    const archive = await tarOf(
      [{ name: 'b' }, 'b'],
      ...Object.entries(links).map(
        ([name, linkname]) => [{ name, type: 'symlink', linkname } as const] as const,
      ),
    );
    const found = await extractIn(folder.path, archive);
    for (const [name, target] of Object.entries(links)) assert.equal(found[name], `-> ${target}`);
  });

  it('refuses names and links that lead outside', async () => {
    const link = (name: string, linkname: string) => [{ name, type: 'symlink', linkname } as const] as const;
    const cases: readonly (readonly [RegExp, Buffer])[] = [
      [/"\/etc\/evil" has an absolute name/, await tarOf([{ name: '/etc/evil' }, 'x'])],
      [/"..\/evil" has a name that leads out/, await tarOf([{ name: '../evil' }, 'x'])],
      [/"a\/..\/..\/evil" has a name that leads out/, await tarOf([{ name: 'a/../../evil' }, 'x'])],
      [/"l" is a link to "\/etc\/passwd", which is outside/, await tarOf(link('l', '/etc/passwd'))],
      [/"l" is a link to "..\/neighbour", which is outside/, await tarOf(link('l', '../neighbour'))],
      [
        /"a\/l" is a link to "..\/..\/neighbour", which is outside/,
        await tarOf(link('a/l', '../../neighbour')),
      ],
      [
        /"l" passes through|"l\/x" passes through a link/,
        await tarOf(link('l', '.'), [{ name: 'l/x' }, 'x']),
      ],
      [
        /"two" is a link to "one\/..\/neighbour", which is outside/,
        await tarOf(
          [{ name: 'd/e/', type: 'directory' }],
          link('d/e/one', '../..'),
          link('one', 'd/e/one'),
          link('two', 'one/../neighbour'),
        ),
      ],
      [
        /"first" is a link to "d\/later\/..\/neighbour", which is outside/,
        await tarOf(link('first', 'd/later/../neighbour'), link('d/later', '..')),
      ],
      [
        /"h" is a hard link to "..\/neighbour", which is outside/,
        await tarOf([{ name: 'h', type: 'link', linkname: '../neighbour' }]),
      ],
      [
        /"h" is a hard link to "\/etc\/passwd", which is outside/,
        await tarOf([{ name: 'h', type: 'link', linkname: '/etc/passwd' }]),
      ],
      [
        /"null" is a device/,
        await tarOf([{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }]),
      ],
      [/"sda" is a device/, await tarOf([{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }])],
      [/"pipe" is a named pipe/, await tarOf([{ name: 'pipe', type: 'fifo' }])],
      [/"..\/evil" has a name that leads out/, zipOf({ name: '../evil', content: 'x' })],
      [/"..\/evil" has a name that leads out/, zipOf({ name: '..\\evil', content: 'x' })],
      [/"\/evil" has an absolute name/, zipOf({ name: '/evil', content: 'x' })],
      [
        /"l" is a link to "\/etc", which is outside/,
        zipOf({ name: 'l', content: '/etc', mode: 0o120777 }, { name: 'l/evil', content: 'x' }),
      ],
      [/"dev" is a device/, zipOf({ name: 'dev', mode: 0o020666 })],
    ];
    for (const [message, archive] of cases) await assertRefused(archive, 'ARCHIVE_UNSAFE', message);
  });

  it('refuses names that no file can have', async () => {
    const broken = await tarOf([{ name: 'xxx' }, 'x']);
    broken.set([0xff, 0xfe], 0);
    const sum = [...broken.subarray(0, 512)].reduce(
      (all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte),
      0,
    );
    broken.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await assertRefused(broken, 'ARCHIVE_INVALID', /not UTF-8/);
    await assertRefused(await tarOf([{ name: 'x'.repeat(300) }, 'x']), 'ARCHIVE_INVALID', /too long/);
    await assertRefused(await tarOf([{ name: `${'a/'.repeat(2000)}x` }, 'x']), 'ARCHIVE_INVALID', /too long/);
    await assertRefused(zipOf({ name: 'a\0b', content: 'x' }), 'ARCHIVE_INVALID', /NUL/);
  });

  it('ends a bomb early, by what comes out of it', async () => {
    const small = { limits: { maxBytes: 1_000_000, maxEntries: 50 } };
    const zeros = Buffer.alloc(30_000_000);
    await assertRefused(
      gzipSync(await tarOf([{ name: 'zeros' }, zeros])),
      'ARCHIVE_TOO_LARGE',
      /more than 976.6 KiB/,
      small,
    );
    await assertRefused(
      zipOf({ name: 'zeros', content: zeros, deflate: true }),
      'ARCHIVE_TOO_LARGE',
      /more than 976.6 KiB/,
      small,
    );
    const padding = gzipSync(Buffer.concat([await tarOf([{ name: 'a' }, 'a']), zeros]));
    await assertRefused(padding, 'ARCHIVE_TOO_LARGE', /more than 976.6 KiB/, small);
    const many = Array.from({ length: 51 }, (_, index) => [{ name: `f${index}` }, ''] as const);
    await assertRefused(await tarOf(...many), 'ARCHIVE_TOO_LARGE', /more than 50 entries/, small);
    await assertRefused(
      zipOf(...many.map(([{ name }]) => ({ name }))),
      'ARCHIVE_TOO_LARGE',
      /more than 50 entries/,
      small,
    );
    const lying = zipOf({ name: 'zeros', content: zeros, deflate: true });
    lying.writeUInt32LE(10, lying.lastIndexOf('PK\x01\x02') + 24); // the size that the index claims
    await assertRefused(lying, 'ARCHIVE_INVALID', /"zeros" is damaged/, small);
  });

  it('says when an archive is damaged, cut short, or none', async () => {
    const plain = await tarOf([{ name: 'a' }, Buffer.alloc(100_000, 'a')]);
    const zip = zipOf({ name: 'a', content: Buffer.alloc(100_000, 'a'), deflate: true });
    await assertRefused(Buffer.alloc(0), 'ARCHIVE_INVALID', /is empty/);
    await assertRefused(plain.subarray(0, 50_000), 'ARCHIVE_INVALID', /cut short/);
    await assertRefused(gzipSync(plain).subarray(0, -30), 'ARCHIVE_INVALID', /gzip/);
    await assertRefused(gzipSync(Buffer.alloc(3000, 'no tar')), 'ARCHIVE_INVALID', /headers make no sense/);
    await assertRefused(zip.subarray(0, -30), 'ARCHIVE_INVALID', /damaged or cut short/);
    await assertRefused(
      zipOf({ name: 'a', content: 'abc', crc: 1 }),
      'ARCHIVE_INVALID',
      /"a" is damaged: .*CRC/,
    );
    await assertRefused(
      zipOf({ name: 'a', content: 'abc', encrypted: true }),
      'ARCHIVE_UNSUPPORTED',
      /"a" is encrypted/,
    );
    await assertRefused(
      Buffer.from('just some text, no archive'),
      'ARCHIVE_UNSUPPORTED',
      /neither tar nor zip/,
    );
  });

  it('passes on why the stream itself failed', async () => {
    const archives = [await tree(), gzipSync(await tree()), zipOf({ name: 'a', content: 'a' })];
    for (const [whole, missing] of archives.flatMap((archive) => [
      [archive, 20] as const,
      [archive, 0] as const,
    ])) {
      await using folder = await temporaryFolder();
      const content = Readable.from(
        (async function* () {
          yield whole.subarray(0, 40);
          yield whole.subarray(40, whole.length - missing); // also all of it: a wrong digest shows at the very end
          throw new Error('connection lost');
        })(),
      );
      await assert.rejects(extract(content, folder.path, { limits }), /connection lost/);
    }
  });

  it('stops when it is told to', async () => {
    await using folder = await temporaryFolder();
    const controller = new AbortController();
    const reason = new Error('the user has gone');
    const archive = await tarOf(
      ...Array.from({ length: 200 }, (_, index) => [{ name: `f${index}` }, 'x'] as const),
    );
    const content = Readable.from(
      (async function* () {
        yield archive.subarray(0, 20_000);
        controller.abort(reason);
        yield archive.subarray(20_000);
      })(),
    );
    await assert.rejects(
      extract(content, folder.path, { limits, signal: controller.signal }),
      (error) => error === reason,
    );
    assert.equal(content.destroyed, true);
    assert.ok((await readdir(folder.path)).length < 200, 'it went on to the end');
  });
});
