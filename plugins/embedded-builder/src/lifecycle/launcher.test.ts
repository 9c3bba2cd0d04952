import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { ProcessChanges } from './cache.ts';
import type { EnvironmentChange } from './environment.ts';
import { launcherScript } from './launcher.ts';
import type { LaunchProcess } from './launch.ts';
import { temporaryFolder } from './testkit/temporary-folder.ts';
import { writeFiles } from './testkit/write-files.ts';

const run = promisify(execFile);

function launchProcess(part: Partial<LaunchProcess> & Pick<LaunchProcess, 'command'>): LaunchProcess {
  return { type: 'web', args: [], default: true, workingDirectory: undefined, buildpack: 'a', ...part };
}

function change(
  variable: string,
  action: EnvironmentChange['action'],
  value: string,
  delimiter = '',
): EnvironmentChange {
  return { variable, action, value, delimiter };
}

/** An image unpacked somewhere, as a node without mounts has it. */
class Image implements Disposable {
  readonly #root = temporaryFolder();

  constructor(processes: readonly LaunchProcess[], ...layers: readonly (readonly ProcessChanges[])[]) {
    writeFiles(this.root, { 'cnb/lifecycle/launcher': launcherScript({ processes, layers }) });
    for (const folder of ['cnb/process', 'workspace/sub dir', 'layers'])
      mkdirSync(join(this.root, folder), { recursive: true });
    for (const { type } of processes)
      symlinkSync('../lifecycle/launcher', join(this.root, 'cnb/process', type));
  }

  get root(): string {
    return this.#root.path;
  }

  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
  }

  async start(
    program: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const environment = { PATH: process.env['PATH'] ?? '', ...env };
    const { stdout } = await run(join(this.root, program), args, { env: environment });
    return stdout.replaceAll(this.root, '<root>').trimEnd();
  }
}

const print = (variable: string): LaunchProcess =>
  launchProcess({ command: ['sh', '-c', `printf '[%s]' "\${${variable}-unset}"`] });

describe('the launcher', () => {
  const cases: readonly (readonly [
    name: string,
    change: EnvironmentChange,
    before: string | undefined,
    expected: string,
  ])[] = [
    ['overrides', change('X', 'override', 'new'), 'old', '[new]'],
    ['sets a default', change('X', 'default', 'new'), undefined, '[new]'],
    ['sets a default where there is only emptiness', change('X', 'default', 'new'), '', '[new]'],
    ['keeps what is set', change('X', 'default', 'new'), 'old', '[old]'],
    ['prepends', change('X', 'prepend', '/layers/a', ':'), 'old', '[<root>/layers/a:old]'],
    ['prepends to nothing', change('X', 'prepend', '/layers/a', ':'), undefined, '[<root>/layers/a]'],
    ['appends with a delimiter of blanks', change('X', 'append', 'b c', ', '), 'a', '[a, b c]'],
    [
      'moves every path',
      change('X', 'override', '/opt:/layers/a:/workspace/b'),
      '',
      '[/opt:<root>/layers/a:<root>/workspace/b]',
    ],
    ['leaves other paths', change('X', 'override', '/my/layers:/layersx'), '', '[/my/layers:/layersx]'],
    ['takes values as they are', change('X', 'override', `'"$HOME\`id\`\\\n*`), '', `['"$HOME\`id\`\\\n*]`],
  ];
  for (const [name, made, before, expected] of cases) {
    it(name, async () => {
      using image = new Image([print('X')], [{ changes: [made] }]);
      assert.equal(
        await image.start('cnb/process/web', [], before === undefined ? {} : { X: before }),
        expected,
      );
    });
  }

  it('applies layers in turn, and what belongs to a process to that one', async () => {
    using image = new Image(
      [print('X'), { ...print('X'), type: 'worker' }],
      [
        { changes: [change('X', 'override', '1')] },
        { process: 'worker', changes: [change('X', 'append', 'w')] },
      ],
      [{ changes: [change('X', 'append', '2')] }],
    );
    assert.equal(await image.start('cnb/process/web'), '[12]');
    assert.equal(await image.start('cnb/process/worker'), '[1w2]');
  });

  it('gives arguments of its own, which others replace', async () => {
    const echo = launchProcess({ command: ['printf', '[%s]', 'always'], args: ['a b', '$c'] });
    using image = new Image([echo]);
    assert.equal(await image.start('cnb/process/web'), '[always][a b][$c]');
    assert.equal(await image.start('cnb/process/web', ['mine']), '[always][mine]');
  });

  it('starts in the application folder, or where the process says', async () => {
    using image = new Image([
      launchProcess({ command: ['pwd'] }),
      launchProcess({ command: ['pwd'], type: 'sub', workingDirectory: '/workspace/sub dir' }),
    ]);
    assert.equal(await image.start('cnb/process/web'), '<root>/workspace');
    assert.equal(await image.start('cnb/process/sub'), '<root>/workspace/sub dir');
  });

  it('starts any command, and finds programs of layers', async () => {
    using image = new Image([print('X')], [{ changes: [change('PATH', 'prepend', '/layers/a/bin', ':')] }]);
    writeFiles(image.root, { 'layers/a/bin/hello': '#!/bin/sh\necho "hello $1"\n' });
    assert.equal(await image.start('cnb/lifecycle/launcher', ['--', 'hello', 'you']), 'hello you');
    assert.equal(await image.start('cnb/lifecycle/launcher', ['hello', 'me']), 'hello me');
  });

  it('hides its own variables, and becomes the process', async () => {
    using image = new Image([launchProcess({ command: ['sh', '-c', 'echo "${CNB_APP_DIR-none} $PPID"'] })]);
    const shown = await image.start('cnb/process/web', [], { CNB_APP_DIR: '/workspace' });
    assert.equal(shown, `none ${process.pid}`);
  });

  it('fails with 82 when there is nothing to start', async () => {
    using image = new Image([print('X')]);
    await assert.rejects(image.start('cnb/lifecycle/launcher'), { code: 82 });
  });
});
