import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { program, webApp } from '../support/apps.ts';
import { get } from '../support/https.ts';
import { User } from '../support/user.ts';

describe('applications and builds that fail', { timeout: 10 * 60_000 }, () => {
  const user = new User();
  let ca = '';
  let url = '';
  before(async () => {
    // The server's waits are a fifth of their usual length: one application here never comes up.
    user.extraEnv = { EPINIO_TIMEOUT_MULTIPLIER: '0.2' };
    await user.install();
    ca = await user.ca();
    const { urls } = await user.json<{ urls: string[] }>(
      'push',
      '--name',
      'steady',
      '--path',
      await user.files('good', webApp('version 1')),
    );
    url = urls[0] ?? '';
  });
  after(() => user[Symbol.asyncDispose]());

  const push = async (
    folder: string,
    files: Record<string, string>,
  ): Promise<{ code: number | null; stderr: string }> =>
    user.run(['push', '--name', 'steady', '--path', await user.files(folder, files)]);
  const stillServes = async (): Promise<void> =>
    assert.match((await get(url, ca)).body, /^version 1 [-0-9a-f]+$/);

  it('keeps the old version when the build finds nothing to build, and says what was looked for', async () => {
    const { code, stderr } = await push('nothing', { 'notes.txt': 'hello' });
    assert.equal(code, 1);
    assert.match(stderr, /Application "steady" was not deployed/);
    assert.match(stderr, /package\.json/);
    assert.match(stderr, /fix: .*epinio app logs --staging steady/);
    await stillServes();
  });

  it('keeps the old version when the build fails, and shows the end of its log', async () => {
    const broken = {
      ...webApp('x'),
      'package.json': JSON.stringify({
        name: 'web',
        scripts: { build: 'echo this-is-why >&2; exit 3', start: 'node server.js' },
      }),
    };
    const { code, stderr } = await push('broken', broken);
    assert.equal(code, 1);
    assert.match(stderr, /this-is-why/);
    await stillServes();
    const [app] = await user.json<{ stagingstatus: string; deployment: { status: string } }[]>('app', 'list');
    assert.equal(app?.stagingstatus, 'failed');
    assert.equal(app.deployment.status, '1/1');
  });

  it('keeps the old version when the new one crashes, and shows its last lines', async () => {
    const { code, stderr } = await push(
      'crashing',
      program('console.error("the database is not there"); process.exit(7);'),
    );
    assert.equal(code, 1);
    assert.match(stderr, /the database is not there/);
    assert.match(stderr, /exit(ed)? .*7|code 7/);
    await stillServes();
  });

  it('names the port that an application listens on instead of PORT', async () => {
    const { code, stderr } = await push(
      'fixed-port',
      program(
        `require('node:http').createServer().listen(0, '127.0.0.1', function () { console.log('on', this.address().port); });`,
      ),
    );
    assert.equal(code, 1);
    assert.match(stderr, /listens on port \d+ instead of PORT/);
    await stillServes();
  });

  it('says when an application never listens', async () => {
    const { code, stderr } = await push('silent', program('setInterval(() => undefined, 1000);'));
    assert.equal(code, 1);
    assert.match(stderr, /PORT/);
    await stillServes();
  });

  it('deletes an application that ignores SIGTERM', async () => {
    const polite = webApp('stubborn');
    const stubborn = {
      ...polite,
      'server.js': (polite['server.js'] ?? '').replace(
        /process.on\('SIGTERM'.*/,
        "process.on('SIGTERM', () => undefined);",
      ),
    };
    await user.epinio('push', '--name', 'stubborn', '--path', await user.files('stubborn', stubborn));
    await user.epinio('app', 'delete', 'stubborn');
    const left = await user.json<{ meta: { name: string } }[]>('app', 'list');
    assert.deepEqual(
      left.map(({ meta }) => meta.name),
      ['steady'],
    );
  });

  it('lets one of two pushes of an application win, and tells the other', async () => {
    const folders = await Promise.all([user.files('one', webApp('one')), user.files('two', webApp('two'))]);
    const results = await Promise.all(
      folders.map((path) => user.run(['push', '--name', 'raced', '--path', path])),
    );
    const winners = results.filter(({ code }) => code === 0);
    assert.ok(winners.length >= 1, results.map(({ stderr }) => stderr).join('\n'));
    for (const { code, stderr } of results)
      if (code !== 0) assert.match(stderr, /staging job for image ID still running|already exists/);
    const { urls } = await user.json<{ urls: string[] }>('app', 'show', 'raced');
    assert.match((await get(urls[0] ?? '', ca)).body, /^(one|two) [-0-9a-f]+$/);
  });

  it('says what stays when a push is interrupted while it uploads', async () => {
    const path = await user.files('large', webApp('large'));
    await writeFile(join(path, 'zeros'), '');
    await truncate(join(path, 'zeros'), 300 * 1024 ** 2);
    const { code, stderr } = await user.run(['push', '--name', 'large', '--path', path], {
      onStart: (child) =>
        child.stderr?.on('data', (text: string) => text.includes('Uploading') && child.kill('SIGINT')),
    });
    assert.equal(code, 130, stderr);
    assert.match(stderr, /nothing that runs has changed. The new "large" stays .* epinio app delete large\n/);
    await user.epinio('app', 'delete', 'large');
    await stillServes();
  });

  it('does not let an application take the host of another, or the API', async () => {
    const host = new URL(url).hostname;
    const path = await user.files('thief', webApp('thief'));
    for (const route of [host, 'epinio.localhost']) {
      const { code, stderr } = await user.run(['push', '--name', 'thief', '--path', path, '--route', route]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`route '${route}' already exists|owned`));
    }
    await stillServes();
    await user.epinio('info');
  });
});

describe('an install whose configuration is wrong', { timeout: 60_000 }, () => {
  it('leaves no folder and no process, though a server stood by for it', async () => {
    const user = new User();
    try {
      const { code, stderr } = await user.run(['install', '--profile', 'embedded', '--domain', 'no domain']);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /--domain/);
      assert.equal(existsSync(user.dataDir), false);
      while (execFileSync('ps', ['-eo', 'args']).includes(user.dataDir)) await delay(100);
    } finally {
      await user[Symbol.asyncDispose]();
    }
  });
});
