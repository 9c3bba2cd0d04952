import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { extract } from 'tar-stream';
import { createCommands } from '../../adapters/execa-commands.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import { MemoryStorage } from '../../api/testkit/memory-storage.ts';
import { isEpinioError } from '../../kernel/errors.ts';
import type { Commands } from '../../ports/commands.ts';
import {
  type GitImportOptions,
  importGit,
  type ImportedSources,
  removeUnfinishedImports,
} from './import-git.ts';
import { GitHttpServer } from './testkit/git-http-server.ts';

const APP = { namespace: 'workspace', name: 'sample' };

let server: GitHttpServer;
const storage = new MemoryStorage();

async function imported(
  url: string,
  revision = '',
  options: GitImportOptions = {},
  commands: Commands = createCommands(),
): Promise<ImportedSources> {
  const deps = { commands, storage, clock: systemClock, options };
  return importGit(deps, APP, 'admin', { url, revision, gitconfig: '' }, AbortSignal.timeout(60_000));
}

async function failure(
  url: string,
  revision = '',
  options: GitImportOptions = {},
): Promise<[string, string]> {
  try {
    await imported(url, revision, options);
  } catch (error) {
    if (isEpinioError(error)) return [error.code, error.message];
    throw error;
  }
  throw new Error(`${url} was imported`);
}

async function filesOf(blobUid: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const blob = storage.blobs.get(blobUid);
  const entries = extract();
  entries.end(blob?.bytes);
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    if (entry.header.type === 'file') files[entry.header.name] = Buffer.concat(chunks).toString('utf8');
  }
  return files;
}

describe('a git import', () => {
  before(async () => {
    server = await GitHttpServer.open();
  });
  after(() => server[Symbol.asyncDispose]());

  it('takes the default branch, without its history, like an upload', async () => {
    const { blobUid, branch, revision } = await imported(server.url('sample.git'));
    assert.equal(branch, 'main');
    assert.equal(revision, server.commits.main);
    assert.deepEqual(await filesOf(blobUid), { 'app.js': 'main' });
    const { metadata, contentType } = storage.blobs.get(blobUid)?.info ?? {};
    assert.equal(contentType, 'application/tar');
    assert.equal(metadata?.['app'], 'sample');
    assert.equal(metadata['username'], 'admin');
  });

  it('takes branches, tags, and full and short hashes', async () => {
    const { first, tagged, feature } = server.commits;
    const url = server.url('sample.git');
    const cases: readonly (readonly [string, string, string, string | undefined])[] = [
      ['feature/x', feature, 'feature.js', 'feature/x'],
      ['v1', tagged, 'app.js', undefined],
      [first, first, 'app.js', undefined],
      [first.slice(0, 8), first, 'app.js', 'feature/x'],
    ];
    for (const [wanted, commit, file, branch] of cases) {
      const result = await imported(url, wanted);
      assert.equal(result.revision, commit, wanted);
      assert.ok(file in (await filesOf(result.blobUid)), wanted);
      if (branch !== undefined) assert.equal(result.branch, branch, wanted);
    }
  });

  it('follows a redirect, and uses a password that is in the URL', async () => {
    assert.equal((await imported(server.url('moved/sample.git'))).revision, server.commits.main);
    assert.equal(
      (await imported(server.url('private/sample.git', 'me:secret@'))).revision,
      server.commits.main,
    );
  });

  it('never puts a password on a command line, nor into a message', async () => {
    const real = createCommands();
    const seen: string[] = [];
    const watching: Commands = {
      find: (file) => real.find(file),
      run: (file, args, options) => {
        seen.push(...args);
        return real.run(file, args, options);
      },
    };
    await imported(server.url('private/sample.git', 'me:secret@'), '', {}, watching);
    assert.ok(!seen.join(' ').includes('secret'), "!seen.join(' ').includes('secret')");
    const [, message] = await failure(server.url('private/sample.git', 'me:wr0ng@'));
    assert.ok(!message.includes('wr0ng'), "!message.includes('wr0ng')");
  });

  it('says what is wrong with a repository or revision', async () => {
    const url = (path: string): string => server.url(path);
    assert.deepEqual(await failure(url('nope.git')), [
      'GIT_REPOSITORY_MISSING',
      `git repository '${url('nope.git')}' does not exist`,
    ]);
    assert.deepEqual(await failure(url('private/sample.git')), [
      'GIT_PASSWORD_WANTED',
      `git repository '${url('private/sample.git')}' does not exist, or wants a password`,
    ]);
    assert.equal((await failure(url('empty.git')))[0], 'GIT_REPOSITORY_EMPTY');
    assert.deepEqual(await failure(url('sample.git'), 'nope'), [
      'GIT_REVISION_UNKNOWN',
      `git repository '${url('sample.git')}' has no branch, tag or commit 'nope'`,
    ]);
    assert.equal((await failure(url('sample.git'), 'deadbeef'))[0], 'GIT_REVISION_UNKNOWN');
    assert.equal((await failure(`http://127.0.0.1:1/x`))[0], 'GIT_UNREACHABLE');
    assert.equal((await failure('https://no-such-host.invalid/x'))[0], 'GIT_HOST_UNKNOWN');
  });

  it('refuses what git would take for something else', async () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['', '', 'GIT_URL_MISSING'],
      ['--upload-pack=touch /tmp/x', '', 'GIT_URL_INVALID'],
      ['ext::sh -c touch% /tmp/x', '', 'GIT_URL_INVALID'],
      ['git@example.org:me/app', '', 'GIT_URL_INVALID'],
      ['ssh://-oProxyCommand=x/app', '', 'GIT_URL_INVALID'],
      ['example.org/me/app', '', 'GIT_URL_INVALID'],
      [`file://${server.folder}/sample.git`, '', 'GIT_URL_SCHEME'],
      ['git://example.org/app', '', 'GIT_URL_SCHEME'],
      [server.url('sample.git'), '--help', 'GIT_REVISION_INVALID'],
      [server.url('sample.git'), 'main..feature', 'GIT_REVISION_INVALID'],
      [server.url('sample.git'), 'main@{1}', 'GIT_REVISION_INVALID'],
    ];
    for (const [url, revision, code] of cases)
      assert.equal((await failure(url, revision))[0], code, `${url} ${revision}`);
  });

  it('reads local repositories only when the operator allows it', async () => {
    const result = await imported(`file://${server.folder}/sample.git`, 'feature/x', { allowFileUrls: true });
    assert.equal(result.revision, server.commits.feature);
  });

  it('does not go to link-local addresses, by whatever way', async () => {
    for (const url of [
      'http://169.254.169.254/x',
      'http://[fe80::1]/x',
      'http://[::ffff:169.254.169.254]/x',
      'http://2852039166/x',
    ]) {
      assert.equal((await failure(url))[0], 'GIT_HOST_FORBIDDEN', url);
    }
    assert.equal((await failure(server.url('moved/away/x')))[0], 'GIT_HOST_FORBIDDEN', 'redirected');
    const lookup = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '169.254.169.254', family: 4 },
    ];
    assert.equal(
      (await failure(`http://rebind.test:${server.port}/sample.git`, '', { lookup }))[0],
      'GIT_HOST_FORBIDDEN',
    );
  });

  it('connects to the addresses that were looked at, and to no others', async () => {
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const result = await imported(`http://pinned.test:${server.port}/sample.git`, '', { lookup });
    assert.equal(result.revision, server.commits.main);
  });

  it('has a limit, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'epinio-imports-'));
    const blobs = storage.blobs.size;
    assert.equal((await failure(server.url('sample.git'), '', { maxBytes: 2, folder }))[0], 'GIT_TOO_LARGE');
    assert.equal(storage.blobs.size, blobs);
    const stopped = AbortSignal.timeout(300);
    const deps = { commands: createCommands(), storage, clock: systemClock, options: { folder } };
    const request = { url: server.url('slow/sample.git'), revision: '', gitconfig: '' };
    await assert.rejects(importGit(deps, APP, 'admin', request, stopped));
    assert.deepEqual(await readdir(folder), []);
    await mkdir(join(folder, 'epinio-git-left'));
    await removeUnfinishedImports(folder);
    assert.deepEqual(await readdir(folder), [], 'nor after the server was killed');
    await rm(folder, { recursive: true });
  });

  it('does not run what a repository brings along', async () => {
    const marker = join(server.folder, 'ran');
    await writeFile(
      join(server.folder, 'sample.git', 'hooks', 'post-checkout'),
      `#!/bin/sh\ntouch ${marker}\n`,
      { mode: 0o755 },
    );
    await imported(server.url('sample.git'));
    assert.ok(
      !(await readdir(server.folder)).includes('ran'),
      "!(await readdir(server.folder)).includes('ran')",
    );
  });
});
