import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { GitHttpServer } from '../../core/src/sources/git/testkit/git-http-server.ts';
import { webApp } from '../support/apps.ts';
import { get } from '../support/https.ts';
import { User } from '../support/user.ts';

describe('epinio push in all its forms', { timeout: 10 * 60_000 }, () => {
  const user = new User();
  let ca = '';
  before(async () => {
    await user.install();
    ca = await user.ca();
  });
  after(() => user[Symbol.asyncDispose]());

  const answers = async (name: string, text: string): Promise<void> => {
    const { urls } = await user.json<{ urls: string[] }>('app', 'show', name);
    assert.match((await get(urls[0] ?? '', ca)).body, new RegExp(`^${text} [-0-9a-f]+$`));
  };

  it('without arguments: the manifest of the current folder', async () => {
    const cwd = await user.files('here', { ...webApp('here'), 'epinio.yml': 'name: here\n' });
    const { code, stderr } = await user.run(['push'], { cwd });
    assert.equal(code, 0, stderr);
    await answers('here', 'here');
  });

  it('MANIFEST-PATH', async () => {
    const folder = await user.files('manifest', webApp('by manifest'));
    await user.files('manifest/deploy', {
      'app.yml': 'name: manifest\norigin: { path: .. }\nconfiguration: { environment: { A: b } }\n',
    });
    await user.epinio('push', join(folder, 'deploy/app.yml'));
    await answers('manifest', 'by manifest');
    assert.match(await user.epinio('app', 'env', 'list', 'manifest'), /\| A +\| b +\|/);
  });

  it('--name: the current folder', async () => {
    const cwd = await user.files('named', webApp('named'));
    const { code, stderr } = await user.run(['push', '--name', 'named'], { cwd });
    assert.equal(code, 0, stderr);
    await answers('named', 'named');
  });

  it('--name --path DIRECTORY, without what .epinioignore names', async () => {
    const more = `const { existsSync } = require('node:fs'); if (existsSync(__dirname + '/secret.txt')) process.exit(1);`;
    const path = await user.files('ignored', {
      ...webApp('ignored', more),
      'secret.txt': 'x',
      '.epinioignore': 'secret.txt\n',
    });
    await user.epinio('push', '--name', 'ignored', '--path', path);
    await answers('ignored', 'ignored');
  });

  it('--name --path ARCHIVE', async () => {
    const folder = await user.files('archived', webApp('archived'));
    const archive = join(user.folder, 'archived.tgz');
    execFileSync('tar', ['-czf', archive, '-C', folder, '.']);
    await user.epinio('push', '--name', 'archived', '--path', archive);
    await answers('archived', 'archived');
  });

  it('--name --git URL,REVISION', async () => {
    await using server = await GitHttpServer.open();
    const folder = await user.files('repository', webApp('from git'));
    const git = (...args: string[]): string =>
      execFileSync('git', args, {
        cwd: folder,
        encoding: 'utf8',
        env: { ...user.env, GIT_CONFIG_NOSYSTEM: '1' },
      });
    git('init', '--quiet', '--initial-branch=main');
    git('add', '.');
    git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--quiet', '-m', 'x');
    execFileSync('git', ['clone', '--quiet', '--bare', folder, join(server.folder, 'web.git')]);
    await user.epinio('push', '--name', 'git', '--git', `${server.url('web.git')},main`);
    await answers('git', 'from git');
    const { origin } = await user.json<{
      origin: { Kind: number; git: { repository: string; revision: string; branch: string } };
    }>('app', 'show', 'git');
    assert.equal(origin.Kind, 2);
    assert.equal(origin.git.branch, 'main');
    assert.match(origin.git.revision, /^[0-9a-f]{40}$/);
  });

  const names = async (): Promise<string[]> =>
    (await user.json<{ meta: { name: string } }[]>('app', 'list')).map(({ meta }) => meta.name);
  const badGit: readonly [string, RegExp][] = [
    ['http://127.0.0.1:9/none.git', /git|repository/i],
    ['file:///etc', /giturl|https?|scheme/i],
    ['--upload-pack=/bin/true', /giturl|option|invalid/i],
    ['http://169.254.169.254/latest', /link-local|address|not allowed/i],
  ];
  for (const [url, message] of badGit) {
    it(`refuses the repository ${url}`, async () => {
      const { code, stderr } = await user.run(['push', '--name', 'bad-git', `--git=${url}`], {
        timeoutMs: 30_000,
      });
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
      assert.ok(!(await names()).includes('bad-git'), 'an application without sources was left');
    });
  }

  it('does not ask for a password, and does not hang', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await user.run(
      ['push', '--name', 'private', '--git', `http://me:pa55word@127.0.0.1:${port}/private.git`],
      { timeoutMs: 60_000 },
    );
    server.close();
    assert.equal(code, 1);
    assert.match(stderr, /wants a password/);
    assert.ok(!stderr.includes('pa55word'), stderr);
  });

  it('an unchanged application is not built again', async () => {
    const path = await user.files('same', webApp('same'));
    const first = await user.json<{ image: string }>('push', '--name', 'same', '--path', path);
    const second = await user.json<{ image: string }>('push', '--name', 'same', '--path', path);
    assert.equal(second.image, first.image);
  });
});
