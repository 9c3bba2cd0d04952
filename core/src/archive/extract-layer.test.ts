import assert from 'node:assert/strict';
import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { hasCode } from '../kernel/errors.ts';
import { digestOf } from '../oci/digest.ts';
import { extractLayer } from './extract-layer.ts';
import { streamOf, tarOf } from './fixtures/hostile.ts';
import { contentsOf, temporaryFolder } from './fixtures/temporary-folder.ts';

const limits = { maxBytes: 10_000_000, maxEntries: 1000 };

async function apply(root: string, ...layers: readonly Buffer[]): Promise<Record<string, string>> {
  for (const layer of layers) await extractLayer(streamOf(layer), root, { limits });
  return contentsOf(root);
}

describe('extractLayer', () => {
  it('puts layers on top of each other, modes and times kept but setuid', async () => {
    await using folder = await temporaryFolder();
    const mtime = new Date('2001-02-03T04:05:06Z');
    const base = await tarOf(
      [{ name: 'bin/', type: 'directory', mode: 0o755, mtime }],
      [{ name: 'bin/su', mode: 0o4755, mtime }, 'su'],
      [{ name: 'tmp/', type: 'directory', mode: 0o1777, mtime }],
      [{ name: 'etc/shadow', mode: 0o020, mtime }, 'secret'],
    );
    const top = gzipSync(
      await tarOf(
        [{ name: 'bin/su', mode: 0o640, mtime }, 'another'],
        [{ name: 'bin/sh', mode: 0o555, mtime }, 'sh'],
      ),
    );
    assert.deepEqual(await apply(folder.path, base, top), {
      'bin 755': '/',
      'bin/sh 555': 'sh',
      'bin/su 640': 'another',
      'etc 755': '/',
      'etc/shadow 420': 'secret',
      'tmp 1777': '/',
    });
    assert.deepEqual((await lstat(join(folder.path, 'bin/su'))).mtime, mtime);
    assert.deepEqual((await lstat(join(folder.path, 'tmp'))).mtime, mtime);
  });

  it('removes what whiteouts name, of lower layers alone', async () => {
    await using folder = await temporaryFolder();
    const base = await tarOf(
      [{ name: 'a/one' }, '1'],
      [{ name: 'a/two' }, '2'],
      [{ name: 'b/c/deep' }, 'd'],
      [{ name: 'kept' }, 'k'],
    );
    const top = await tarOf(
      [{ name: 'a/.wh.one' }, ''],
      [{ name: '.wh.b' }, ''],
      [{ name: 'a/.wh.never-there' }, ''],
      [{ name: 'a/three' }, '3'],
    );
    assert.deepEqual(await apply(folder.path, base, top), {
      'a 755': '/',
      'a/three 644': '3',
      'a/two 644': '2',
      'kept 644': 'k',
    });
  });

  it('empties opaque folders of lower layers, whatever the order of the entries', async () => {
    const base = await tarOf(
      [{ name: 'a/one' }, '1'],
      [{ name: 'a/sub/two' }, '2'],
      [{ name: 'a/sub/both' }, 'old'],
      [{ name: 'b' }, 'b'],
    );
    const fresh = [
      [{ name: 'a/three' }, '3'],
      [{ name: 'a/sub/both' }, 'new'],
    ] as const;
    const opaque = [{ name: 'a/.wh..wh..opq' }, ''] as const;
    for (const entries of [
      [opaque, ...fresh],
      [...fresh, opaque],
    ]) {
      await using folder = await temporaryFolder();
      assert.deepEqual(await apply(folder.path, base, await tarOf(...entries)), {
        'a 755': '/',
        'a/sub 755': '/',
        'a/sub/both 644': 'new',
        'a/three 644': '3',
        'b 644': 'b',
      });
    }
    await using folder = await temporaryFolder();
    const replaced = await tarOf([{ name: 'b' }, 'new b'], [{ name: '.wh.b' }, '']);
    assert.equal((await apply(folder.path, base, replaced))['b 644'], 'new b');
  });

  it('goes through links of the image, with its root as /', async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, 'root');
    await mkdir(root);
    const base = await tarOf(
      [{ name: 'usr/lib/', type: 'directory' }],
      [{ name: 'lib', type: 'symlink', linkname: 'usr/lib' }],
      [{ name: 'lib64', type: 'symlink', linkname: '/usr/lib' }],
      [{ name: 'escape', type: 'symlink', linkname: '../../../../../../..' }],
      [{ name: 'out', type: 'symlink', linkname: '/etc/passwd' }],
    );
    const top = await tarOf(
      [{ name: 'lib/a.so' }, 'a'],
      [{ name: 'lib64/b.so' }, 'b'],
      [{ name: 'escape/evil' }, 'caught'],
      [{ name: 'out/x' }, 'x'],
    );
    const found = await apply(root, base, top);
    assert.equal(found['usr/lib/a.so 644'], 'a');
    assert.equal(found['usr/lib/b.so 644'], 'b');
    assert.equal(found['evil 644'], 'caught');
    assert.equal(found['etc/passwd/x 644'], 'x');
    assert.equal(found['out'], '-> /etc/passwd');
    assert.deepEqual(
      Object.keys(await contentsOf(folder.path)).filter((path) => !path.startsWith('root')),
      [],
    );
  });

  it('replaces links, files and folders by each other', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'victim'), 'untouched');
    const root = join(folder.path, 'root');
    await mkdir(root);
    await symlink('../victim', join(root, 'link'));
    await symlink('..', join(root, 'dir-link'));
    const base = await tarOf([{ name: 'file' }, 'f'], [{ name: 'dir/a' }, 'a'], [{ name: 'dir/b/c' }, 'c']);
    const top = await tarOf(
      [{ name: 'link' }, 'a file now'],
      [{ name: 'dir-link/', type: 'directory', mode: 0o755 }],
      [{ name: 'dir-link/x' }, 'x'],
      [{ name: 'file/', type: 'directory', mode: 0o755 }],
      [{ name: 'file/in' }, 'in'],
      [{ name: 'dir' }, 'a file now'],
    );
    assert.deepEqual(await apply(root, base, top), {
      'dir 644': 'a file now',
      'dir-link 755': '/',
      'dir-link/x 644': 'x',
      'file 755': '/',
      'file/in 644': 'in',
      'link 644': 'a file now',
    });
    assert.equal(await readFile(join(folder.path, 'victim'), 'utf8'), 'untouched');
  });

  it('makes hard links inside the root, also to lower layers', async () => {
    await using folder = await temporaryFolder();
    const base = await tarOf(
      [{ name: 'bin/busybox', mode: 0o755 }, 'bb'],
      [{ name: 'bin/sh', type: 'symlink', linkname: 'busybox' }],
    );
    const top = await tarOf(
      [{ name: 'bin/ls', type: 'link', linkname: 'bin/busybox' }],
      [{ name: 'bin/cat', type: 'link', linkname: '/bin/busybox' }],
      [{ name: 'bin/ash', type: 'link', linkname: 'bin/sh' }],
    );
    const found = await apply(folder.path, base, top);
    assert.equal(found['bin/ls 755'], 'bb');
    assert.equal(found['bin/cat 755'], 'bb');
    assert.equal(found['bin/ash'], '-> busybox');
    assert.equal((await lstat(join(folder.path, 'bin/ls'))).nlink, 3);
    for (const linkname of ['../../etc/passwd', 'nothing', 'bin']) {
      const wrong = await tarOf([{ name: 'bin/wrong', type: 'link', linkname }]);
      await assert.rejects(
        apply(folder.path, wrong),
        (error) => hasCode(error, 'ARCHIVE_UNSAFE') || hasCode(error, 'ARCHIVE_INVALID'),
      );
    }
  });

  it('leaves out devices, and says so', async () => {
    await using folder = await temporaryFolder();
    const warnings: string[] = [];
    const layer = await tarOf(
      [{ name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3 }],
      [{ name: 'a' }, 'a'],
    );
    await extractLayer(streamOf(layer), folder.path, {
      limits,
      onWarning: (message) => warnings.push(message),
    });
    assert.deepEqual(await contentsOf(folder.path), { 'a 644': 'a' });
    assert.match(warnings.join(), /"dev\/null" is a device and was left out/);
  });

  it('refuses names that lead outside, bombs, and a layer that is not the promised one', async () => {
    await using folder = await temporaryFolder();
    const layer = await tarOf([{ name: 'a' }, 'a']);
    const extractWith = (content: Buffer, options = {}) =>
      extractLayer(streamOf(content), folder.path, { limits, ...options });
    await assert.rejects(extractWith(await tarOf([{ name: '../evil' }, 'x'])), (error) =>
      hasCode(error, 'ARCHIVE_UNSAFE'),
    );
    await assert.rejects(extractWith(await tarOf([{ name: '/evil' }, 'x'])), (error) =>
      hasCode(error, 'ARCHIVE_UNSAFE'),
    );
    await assert.rejects(extractWith(await tarOf([{ name: 'a/.wh...' }, ''])), (error) =>
      hasCode(error, 'ARCHIVE_UNSAFE'),
    );
    const bomb = gzipSync(await tarOf([{ name: 'zeros' }, Buffer.alloc(20_000_000)]));
    await assert.rejects(extractWith(bomb), (error) => hasCode(error, 'ARCHIVE_TOO_LARGE'));
    await assert.rejects(extractWith(layer, { diffId: digestOf('another') }), (error) =>
      hasCode(error, 'ARCHIVE_INVALID'),
    );
    await extractWith(gzipSync(layer), { diffId: digestOf(layer) });
  });
});
