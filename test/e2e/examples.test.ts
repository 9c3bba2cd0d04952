import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { get } from '../support/https.ts';
import { User } from '../support/user.ts';

const apps = resolve(import.meta.dirname, '../../examples/apps');
const names = readdirSync(apps).filter((name) => existsSync(join(apps, name, 'epinio.yml')));

/** What an application needs on the machine besides Node.js. */
const NEEDS: Readonly<Record<string, string>> = { python: 'python3', go: 'go' };

describe('the example applications', { timeout: 10 * 60_000 }, () => {
  const user = new User();
  let ca = '';
  before(async () => {
    await user.install();
    ca = await user.ca();
  });
  after(() => user[Symbol.asyncDispose]());

  for (const name of names) {
    it(`${name}: from source to an HTTPS URL`, async (t) => {
      const program = NEEDS[name];
      if (program !== undefined && !isOnPath(program)) {
        if (process.env['CI'] === 'true') assert.fail(`${program} is not on PATH`);
        t.skip(`SKIPPED: ${program} is not on PATH`);
        return;
      }
      const { urls } = await user.json<{ urls: string[] }>('push', join(apps, name, 'epinio.yml'));
      const [url] = urls;
      assert.ok(url, 'the push tells no URL');
      const page = await get(url, ca);
      assert.equal(page.status, 200, page.body);
      assert.match(String(page.headers['content-type']), /text\/html/);
      const [app] = (
        await user.json<{ meta: { name: string }; deployment?: { status: string } }[]>('app', 'list')
      ).filter(({ meta }) => new URL(url).hostname.startsWith(`${meta.name}.`));
      assert.equal(app?.deployment?.status, '1/1');
    });
  }

  it('installs twice without a change', async () => {
    const before = await user.serverPid();
    const { stderr, code } = await user.run(['install', '--profile', 'embedded', '--yes']);
    assert.equal(code, 0, stderr);
    assert.equal(await user.serverPid(), before);
  });

  it('survives stop and start', async () => {
    const listed = await user.json<{ urls: string[] }[]>('app', 'list');
    await user.epinio('stop');
    const refused = await user.run(['app', 'list']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /does not answer[^]*fix: epinio start/);
    await user.epinio('start');
    for (const { urls } of listed) for (const url of urls) assert.equal((await get(url, ca)).status, 200);
  });

  it('uninstalls without a trace', async () => {
    await user.epinio('uninstall', '--yes');
    assert.equal(existsSync(user.dataDir), false);
    assert.deepEqual(processesBelow(user.dataDir), []);
  });
});

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Processes whose command line names the folder. */
function processesBelow(folder: string): string[] {
  return existsSync('/proc/self')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .map((pid) => commandLine(pid))
        .filter((line) => line.includes(folder))
    : [];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended
  }
}
