import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { readBuildMetadata } from '../lifecycle/build-metadata.ts';
import { BuildMachine } from '../lifecycle/testkit/build-machine.ts';
import { ourBuilder } from './testkit/our-builder.ts';
import { webProcess } from './testkit/web-process.ts';

const builder = ourBuilder();
after(() => builder[Symbol.dispose]());

describe('a Procfile', () => {
  const cases: readonly (readonly [command: string, expected: readonly string[]])[] = [
    ['node server.js', ['node', 'server.js']],
    ['  ./bin/run\t--fast  8080 ', ['./bin/run', '--fast', '8080']],
    ['gunicorn app:app --bind=0.0.0.0:$PORT', ['sh', '-c', 'exec gunicorn app:app --bind=0.0.0.0:$PORT']],
    ['node "my server.js"', ['sh', '-c', 'exec node "my server.js"']],
    ['MODE=x node server.js', ['sh', '-c', 'MODE=x node server.js']],
    ['migrate && serve', ['sh', '-c', 'migrate && serve']],
    [String.raw`printf 'a\tb\\' "q"`, ['sh', '-c', String.raw`printf 'a\tb\\' "q"`]],
    ['echo a: b # c', ['sh', '-c', 'echo a: b # c']],
  ];
  for (const [command, expected] of cases) {
    it(`starts ${command}`, async () => {
      using machine = new BuildMachine(builder);
      await machine.build({ Procfile: `web: ${command}\n` });
      assert.deepEqual(webProcess(machine), expected);
    });
  }

  it('has several processes, blank lines, comments and Windows line ends', async () => {
    using machine = new BuildMachine(builder);
    await machine.build({ Procfile: '# how to run\r\n\r\nworker: work\r\nweb: serve\r\n' });
    const { launch, defaultProcess } = readBuildMetadata(machine.path('layers'));
    assert.deepEqual(
      launch.processes.map(({ type, command }) => [type, ...command]),
      [
        ['worker', 'work'],
        ['web', 'serve'],
      ],
    );
    assert.equal(defaultProcess, 'web');
  });

  const failures: readonly (readonly [content: string, reason: RegExp])[] = [
    ['web node server.js', /failed: line 1 of Procfile is not "type: command"/],
    ['web:', /failed: process "web" of Procfile has no command/],
    ['web: a\nweb: b', /failed: process "web" is twice in Procfile/],
    ['\n# nothing\n', /No buildpack says how to start the application/],
    ['a: x\nb: y', /Nothing says which process to start: a, b/],
  ];
  for (const [content, reason] of failures) {
    it(`fails for ${JSON.stringify(content)}`, async () => {
      using machine = new BuildMachine(builder);
      await assert.rejects(machine.build({ Procfile: content }), reason);
    });
  }
});
