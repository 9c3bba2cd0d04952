import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createDataDirectory } from './data-directory.ts';

const base = mkdtempSync(join(tmpdir(), 'epinio-data-'));
after(() => rmSync(base, { recursive: true }));
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("makes the folder and its owners' for this user alone, and says its layout", () => {
  const root = join(base, 'a', 'b');
  const data = createDataDirectory(root);
  const owned = data.path('embedded-storage');
  assert.equal(owned, join(root, 'embedded-storage'));
  assert.deepEqual([mode(root), mode(owned), mode(join(root, 'platform.json'))], ['700', '700', '600']);
  assert.deepEqual(JSON.parse(readFileSync(join(root, 'platform.json'), 'utf8')), { layout: 1 });
  assert.equal(createDataDirectory(root).path('embedded-storage'), owned);
});

test('closes a folder that others can look into', () => {
  const root = join(base, 'open');
  mkdirSync(root);
  chmodSync(root, 0o755);
  createDataDirectory(root);
  assert.equal(mode(root), '700');
});

test('refuses a folder of a newer epinio, and leaves it alone', () => {
  const root = join(base, 'newer');
  mkdirSync(root);
  writeFileSync(join(root, 'platform.json'), '{"layout":99}');
  assert.throws(() => createDataDirectory(root), {
    code: 'DATA_DIRECTORY_NEWER',
    message: /layout 99, this one knows 1/,
    fix: /Update epinio/,
  });
  assert.equal(readFileSync(join(root, 'platform.json'), 'utf8'), '{"layout":99}');
});

test('refuses a layout that cannot be read', () => {
  const root = join(base, 'broken');
  mkdirSync(root);
  for (const text of ['{', '{}', '[]']) {
    writeFileSync(join(root, 'platform.json'), text);
    assert.throws(() => createDataDirectory(root), { code: 'DATA_DIRECTORY_INVALID' });
  }
});

test('refuses what is no folder, and what is no path', () => {
  writeFileSync(join(base, 'file'), '');
  const refusal = {
    code: 'DATA_DIRECTORY_DENIED',
    message: /"[^"]*file[^"]*" is no folder/,
    fix: /--data-dir/,
  };
  assert.throws(() => createDataDirectory(join(base, 'file')), refusal);
  assert.throws(() => createDataDirectory(join(base, 'file', 'below')), refusal);
  assert.throws(() => createDataDirectory('relative'), { code: 'DATA_DIRECTORY_INVALID' });
});

test('owners stay below the folder', () => {
  const data = createDataDirectory(join(base, 'owners'));
  for (const owner of ['..', 'a/b', '', '.', '/etc'])
    assert.throws(() => data.path(owner), { code: 'DATA_DIRECTORY_INVALID' });
});

test(
  'refuses a folder without write permission',
  { skip: process.getuid?.() === 0 ? 'root may write anywhere' : false },
  () => {
    const root = join(base, 'denied');
    mkdirSync(root);
    chmodSync(root, 0o500);
    assert.throws(() => createDataDirectory(join(root, 'below')), {
      code: 'DATA_DIRECTORY_DENIED',
      message: /cannot be written by this user/,
    });
    chmodSync(root, 0o700);
  },
);

test(
  'refuses a folder on a system that takes no writes',
  { skip: process.platform === 'linux' ? false : 'only Linux has /proc' },
  () => {
    assert.throws(() => createDataDirectory('/proc/epinio'), {
      code: 'DATA_DIRECTORY_DENIED',
      message: /"\/proc\/epinio"/,
    });
  },
);
