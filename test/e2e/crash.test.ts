import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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
    assert.equal(await isAlive(before), true, 'the application died with the platform');

    await user.epinio('start');
    const since = Date.now();
    assert.equal((await get(url, ca)).body, before);
    assert.ok(Date.now() - since < 2_000, 'it took more than two seconds to answer');

    const { urls } = await user.json<{ urls: string[] }>('push', '--name', 'pushed', '--path', path);
    assert.match((await get(urls[0] ?? '', ca)).body, /^pushed \d+$/);
  });

  it('an application that ended meanwhile is started again', async () => {
    const before = pidIn((await get(url, ca)).body);
    process.kill(await user.serverPid(), 'SIGKILL');
    process.kill(before, 'SIGKILL');
    await user.epinio('start');
    const deadline = Date.now() + 20_000;
    for (;;) {
      const page = await get(url, ca);
      if (page.status === 200 && pidIn(page.body) !== before) return;
      if (Date.now() > deadline)
        assert.fail(`the application did not come back: ${page.status} ${page.body}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
});

/** In a PID space of its own, an application sees another number than we do: then its answer is what counts. */
async function isAlive(body: string): Promise<boolean> {
  const pid = pidIn(body);
  if (pid < 100) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function pidIn(body: string): number {
  return Number(/\d+$/.exec(body)?.[0]);
}
