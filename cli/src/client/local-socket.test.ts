import assert from 'node:assert/strict';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { localSocket } from './local-socket.ts';

const api = 'https://epinio.localhost:8443';

describe('finding the local socket', () => {
  let folder: string;
  let socket: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'epinio-find-'));
    socket = join(folder, 'api.sock');
    await writeFile(socket, '');
  });
  after(() => rm(folder, { recursive: true }));

  const state = (value: object): Promise<void> =>
    writeFile(join(folder, 'server.json'), JSON.stringify({ pid: 1, phase: 'ready', api, socket, ...value }));

  it('takes the one of the platform that is asked for', async () => {
    await state({});
    assert.equal(localSocket(folder, api), socket, 'its socket');
  });

  it('takes none of another platform, of one that is not ready, or that has none', async () => {
    await state({ api: 'https://epinio.localhost:9443' });
    assert.equal(localSocket(folder, api), undefined, 'another platform');
    await state({ phase: 'stopping' });
    assert.equal(localSocket(folder, api), undefined, 'not ready');
    await state({ socket: undefined });
    assert.equal(localSocket(folder, api), undefined, 'no socket');
    assert.equal(localSocket(join(folder, 'nothing'), api), undefined, 'no platform');
  });

  it('takes none that belongs to somebody else', async () => {
    const isRoot = process.getuid?.() === 0;
    const theirs = isRoot ? join(folder, 'theirs.sock') : '/etc/passwd';
    if (isRoot) {
      await writeFile(theirs, '');
      await chown(theirs, 12_345, 12_345);
    }
    await state({ socket: theirs });
    assert.equal(localSocket(folder, api), undefined, 'theirs');
  });
});
