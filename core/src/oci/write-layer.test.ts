import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { contentsOf, temporaryFolder } from '../archive/fixtures/temporary-folder.ts';
import { extractLayer } from '../archive/index.ts';
import { hasCode } from '../kernel/errors.ts';
import { mediaTypes } from './media-types.ts';
import { writeLayer } from './write-layer.ts';

async function makeApp(folder: string): Promise<string> {
  const app = join(folder, 'app');
  await mkdir(join(app, 'lib'), { recursive: true });
  await writeFile(join(app, 'lib', 'large'), Buffer.alloc(1_000_000, 'large'));
  await writeFile(join(app, 'start'), '#!/bin/sh\n', { mode: 0o755 });
  await symlink('/usr/bin/node', join(app, 'node'));
  return app;
}

describe('writeLayer', () => {
  it('writes what an image needs, with both digests, and the same again', async () => {
    for (const compression of ['none', 'gzip'] as const) {
      await using folder = await temporaryFolder();
      const app = await makeApp(folder.path);
      const write = (name: string) =>
        writeLayer({
          file: join(folder.path, name),
          compression,
          sources: [
            { at: '/workspace', directory: app },
            { at: 'layers/config/metadata.toml', content: '[x]\n' },
            { at: 'layers/config/start', file: join(app, 'start') },
            { at: 'cnb/process/web', linkTo: '/cnb/lifecycle/launcher' },
            { at: 'empty/folder', directory: join(app, 'lib'), include: () => false },
          ],
        });
      const layer = await write('one');
      const bytes = await readFile(layer.file);
      const plain = compression === 'gzip' ? gunzipSync(bytes) : bytes;
      assert.equal(layer.descriptor.size, bytes.length);
      assert.equal(layer.descriptor.digest, sha256(bytes));
      assert.equal(layer.diffId, sha256(plain));
      assert.equal(
        layer.descriptor.mediaType,
        compression === 'gzip' ? mediaTypes.layerGzip : mediaTypes.layer,
      );

      await utimes(join(app, 'start'), 1, 1);
      assert.deepEqual({ ...(await write('two')), file: layer.file }, layer);

      const root = join(folder.path, 'root');
      await mkdir(root);
      await extractLayer(createReadStream(layer.file), root, {
        limits: { maxBytes: 2e6, maxEntries: 100 },
        diffId: layer.diffId,
      });
      const found = await contentsOf(root);
      assert.deepEqual(Object.keys(found).toSorted(), [
        'cnb 755',
        'cnb/process 755',
        'cnb/process/web',
        'empty 755',
        'empty/folder 755',
        'layers 755',
        'layers/config 755',
        'layers/config/metadata.toml 644',
        'layers/config/start 755',
        'workspace 755',
        'workspace/lib 755',
        'workspace/lib/large 644',
        'workspace/node',
        'workspace/start 755',
      ]);
      assert.equal(found['workspace/node'], '-> /usr/bin/node');
      assert.equal(found['cnb/process/web'], '-> /cnb/lifecycle/launcher');
    }
  });

  it('leaves no file when it fails, and takes none that is there', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'layer');
    const missing = {
      file,
      compression: 'gzip',
      sources: [{ at: 'a', directory: join(folder.path, 'none') }],
    } as const;
    await assert.rejects(writeLayer(missing), (error) => hasCode(error, 'SOURCE_NOT_FOUND'));
    await assert.rejects(access(file), /ENOENT/);
    await assert.rejects(
      writeLayer({ file, compression: 'none', sources: [{ at: '../up', content: '' }] }),
      (error) => hasCode(error, 'LAYER_INVALID'),
    );
    await assert.rejects(access(file), /ENOENT/);
    await writeFile(file, 'mine');
    await assert.rejects(writeLayer({ file, compression: 'none', sources: [] }), /EEXIST/);
    assert.equal(await readFile(file, 'utf8'), 'mine');
  });

  it('stops when it is told to', async () => {
    await using folder = await temporaryFolder();
    const app = await makeApp(folder.path);
    const reason = new Error('the user has gone');
    const file = join(folder.path, 'layer');
    const write = writeLayer({
      file,
      compression: 'gzip',
      sources: [{ at: 'a', directory: app }],
      signal: AbortSignal.abort(reason),
    });
    await assert.rejects(write, (error) => error === reason);
    await assert.rejects(access(file), /ENOENT/);
  });
});

function sha256(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
