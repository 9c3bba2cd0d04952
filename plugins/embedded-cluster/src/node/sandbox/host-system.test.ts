import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostProgramFolders, nodeRuntime } from './host-system.ts';

const home = mkdtempSync(join(tmpdir(), 'epinio-nvm-'));
after(() => rmSync(home, { recursive: true, force: true }));

test('a Node.js of a version manager is shown with its npm, and nothing else of the home', () => {
  const version = join(home, '.nvm/versions/node/v20');
  for (const folder of ['bin', 'lib/node_modules/npm', 'lib/node_modules/private']) {
    mkdirSync(join(version, folder), { recursive: true });
  }
  const { bin, folders } = nodeRuntime(join(version, 'bin/node'));
  assert.equal(bin, join(version, 'bin'));
  assert.deepEqual(folders, [join(version, 'bin'), join(version, 'lib/node_modules/npm')]);
});

test('a Node.js of the system is there already', () => {
  assert.deepEqual(nodeRuntime('/usr/bin/node'), { bin: '/usr/bin', folders: [] });
});

test('of the PATH of the platform, what is in system folders is shown', () => {
  assert.deepEqual(hostProgramFolders(`/usr/local/go/bin:${home}/bin:/usr/bin:/opt/x:/bin`), [
    '/usr/local/go/bin',
    '/usr/bin',
    '/bin',
  ]);
});
