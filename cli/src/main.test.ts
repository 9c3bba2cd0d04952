import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { main } from './main.ts';

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const io = {
    input: new PassThrough(),
    out,
    err,
    env: { HOME: '/nonexistent' },
    cwd: '/',
    signal: new AbortController().signal,
  };
  const code = await main(argv, io);
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

describe('epinio command line', () => {
  it('says what there is when called without arguments', async () => {
    const { code, out } = await run();
    assert.equal(code, 0);
    assert.match(out, /epinio push +push an application: from source to URL/);
  });

  it('shows the commands of a group', async () => {
    const { code, out } = await run('app', '--help');
    assert.equal(code, 0);
    assert.match(out, /epinio app env set/);
    assert.doesNotMatch(out, /epinio login/);
  });

  const wrong: readonly [string[], RegExp][] = [
    [['psuh'], /There is no command "epinio psuh"\nfix: did you mean: epinio push/],
    [['app', 'lst'], /did you mean: epinio app list/],
    [['frobnicate'], /There is no command "epinio frobnicate"\nfix: epinio --help/],
    [['app', 'list', '--outptu', 'json'], /unknown option '--outptu'\nfix: Did you mean --output\?/],
    [['app', 'list', '-o', 'xml'], /Allowed choices are text, json/],
    [['app', 'show'], /missing required argument 'name'/],
    [['app', 'list', 'x'], /too many arguments/],
    [['app', 'delete'], /No applications specified for deletion/],
    [['app', 'delete', 'x', '--all'], /Conflict between --all and named applications/],
    [['app', 'list'], /Client settings not found/],
    [['push', '--name', 'A B'], /app name incorrect/],
  ];
  for (const [argv, message] of wrong) {
    it(`refuses "${argv.join(' ')}" with a hint`, async () => {
      const { code, out, err } = await run(...argv);
      assert.notEqual(code, 0);
      assert.equal(out, '');
      assert.match(err, message);
    });
  }

  it('knows the published aliases, and global flags before the command', async () => {
    const { err } = await run('--settings-file', '/nonexistent/settings.yaml', 'apps', 'list');
    assert.match(err, /Client settings not found/);
  });

  it('writes no escape sequences where there is no terminal', async () => {
    const { err } = await run('psuh');
    assert.ok(!err.includes('\u001b'), "!err.includes('\\u001b')");
  });
});
