import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerConfig } from './docker-config.ts';
import { temporaryFolder } from './testkit/temporary-folder.ts';
import { writeFiles } from './testkit/write-files.ts';

function read(content: string): unknown {
  using folder = temporaryFolder();
  writeFiles(folder.path, { 'config.json': content });
  return readDockerConfig(`${folder.path}/config.json`);
}

describe('a Docker config file', () => {
  it('gives names and passwords in both of their forms', () => {
    const auth = Buffer.from('me:pass:word').toString('base64');
    assert.deepEqual(read(JSON.stringify({ auths: { a: { auth }, b: { username: 'x', password: 'y' } } })), {
      a: { username: 'me', password: 'pass:word' },
      b: { username: 'x', password: 'y' },
    });
  });

  it('may be absent, empty or without entries', () => {
    assert.deepEqual(readDockerConfig('/nowhere/config.json'), {});
    assert.deepEqual([read(''), read('{}')], [{}, {}]);
  });

  it('is not shown when it is broken', () => {
    assert.throws(() => read('secret'), { message: 'The credentials for the registry are no JSON' });
  });
});
