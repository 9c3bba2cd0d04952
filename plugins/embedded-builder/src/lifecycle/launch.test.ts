import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultProcess, mergeLaunches, readLaunch } from './launch.ts';
import type { Launch, LaunchProcess } from './launch.ts';
import { temporaryFolder } from './testkit/temporary-folder.ts';
import { writeFiles } from './testkit/write-files.ts';

/** "web!" is a default process of type web. */
function launch(buildpack: string, types: string, labels: Readonly<Record<string, string>> = {}): Launch {
  const processes = types.split(' ').map((text): LaunchProcess => ({
    type: text.replace('!', ''),
    default: text.endsWith('!'),
    command: [buildpack],
    args: [],
    workingDirectory: undefined,
    buildpack,
  }));
  return { processes, labels: new Map(Object.entries(labels)) };
}

const cases: readonly (readonly [name: string, launches: readonly Launch[], expected: string])[] = [
  ['the default', [launch('a', 'one two!')], 'two of a'],
  ['the last default', [launch('a', 'one!'), launch('b', 'two!')], 'two of b'],
  ['a later buildpack overrides a type', [launch('a', 'web!'), launch('b', 'web!')], 'web of b'],
  ['web without default', [launch('a', 'worker web')], 'web of a'],
  ['the only one', [launch('a', 'job')], 'job of a'],
  ['an override that is no default leaves none', [launch('a', 'x! y'), launch('b', 'x')], 'none'],
];

describe('processes', () => {
  for (const [name, launches, expected] of cases) {
    it(`starts ${name}`, () => {
      const { processes } = mergeLaunches(launches);
      const chosen = processes.find(({ type }) => type === defaultProcess(processes));
      assert.equal(chosen === undefined ? 'none' : `${chosen.type} of ${chosen.buildpack}`, expected);
    });
  }

  it('takes the last label of a key', () => {
    const { labels } = mergeLaunches([
      launch('a', 'web', { x: '1', y: '2' }),
      launch('b', 'web', { x: '3' }),
    ]);
    assert.deepEqual(
      [...labels],
      [
        ['x', '3'],
        ['y', '2'],
      ],
    );
  });

  it('reads launch.toml, and says what is wrong with it', () => {
    using folder = temporaryFolder();
    const read = (toml: string): Launch => {
      writeFiles(folder.path, { 'launch.toml': toml });
      return readLaunch(folder.path, 'acme/x');
    };
    const toml =
      '[[processes]]\ntype = "web"\ncommand = ["run", "it"]\nargs = ["now"]\nworking-dir = "sub"\n[[labels]]\nkey = "k"\nvalue = "v"';
    const [web] = read(toml).processes;
    assert.deepEqual(web, {
      type: 'web',
      command: ['run', 'it'],
      args: ['now'],
      default: false,
      workingDirectory: 'sub',
      buildpack: 'acme/x',
    });
    assert.throws(
      () => read('[[processes]]\ntype = "a/b"\ncommand = ["x"]'),
      /"acme\/x" has a process type "a\/b", which is no file name/,
    );
    assert.throws(
      () => read('[[processes]]\ntype = "web"'),
      /Process "web" of buildpack "acme\/x" has no command/,
    );
    assert.throws(
      () => read('[[processes]]\ntype = "web"\ncommand = "run it"'),
      /Key "processes\[0\].command" in ".*launch.toml" is not a list of strings/,
    );
    assert.throws(() => read('[[processes]\n'), /launch.toml" is not valid TOML: .*line 1/);
  });
});
