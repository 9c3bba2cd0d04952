import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { request } from 'node:http';
import { eventually } from '@epinio/core/testkit';
import { webApp } from '../support/apps.ts';
import { get } from '../support/https.ts';
import { User } from '../support/user.ts';

describe('kill -9 of the platform', { timeout: 5 * 60_000 }, () => {
  const user = new User();
  let ca = '';
  let url = '';
  before(async () => {
    await user.install();
    ca = await user.ca();
    const { urls } = await user.json<{ urls: string[] }>(
      'push',
      '--name',
      'running',
      '--path',
      await user.files('running', webApp('running')),
    );
    url = urls[0] ?? '';
  });
  after(() => user[Symbol.asyncDispose]());

  it('in the middle of a push: applications keep their processes and answer again, and the push can be repeated', async () => {
    const before = (await get(url, ca)).body;
    const port = Number((await get(`${url}/port`, ca)).body);
    const path = await user.files('pushed', {
      ...webApp('pushed'),
      'package.json': JSON.stringify({
        name: 'web',
        scripts: { build: 'echo building; sleep 5', start: 'node server.js' },
      }),
    });
    const server = await user.serverPid();
    let killed = false;
    const pushed = await user.run(['push', '--name', 'pushed', '--path', path], {
      onStart: (child) => {
        child.stderr?.on('data', (text: string) => {
          if (killed || !text.includes('building')) return;
          killed = true;
          process.kill(server, 'SIGKILL');
        });
      },
    });
    assert.equal(killed, true, pushed.stderr);
    assert.equal(pushed.code, 1);
    assert.match(pushed.stderr, /does not answer/);
    assert.equal((await direct(port)).body, before, 'the application died with the platform');

    await user.epinio('start');
    const since = Date.now();
    assert.equal((await get(url, ca)).body, before);
    assert.ok(Date.now() - since < 2_000, 'it took more than two seconds to answer');

    const { urls } = await user.json<{ urls: string[] }>('push', '--name', 'pushed', '--path', path);
    assert.match((await get(urls[0] ?? '', ca)).body, /^pushed [-0-9a-f]+$/);
  });

  it('an application that ended meanwhile is started again', async () => {
    const before = (await get(url, ca)).body;
    const port = Number((await get(`${url}/port`, ca)).body);
    process.kill(await user.serverPid(), 'SIGKILL');
    await assert.rejects(direct(port, '/exit'), 'the application did not end');
    await user.epinio('start');
    await eventually(async () => {
      const page = await get(url, ca);
      assert.equal(page.status, 200, page.body);
      assert.notEqual(page.body, before);
    }, 30_000);
  });
});

/** Asks the application itself: with the platform down, there is no other way to it. */
function direct(port: number, path = '/'): Promise<{ readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ body }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
