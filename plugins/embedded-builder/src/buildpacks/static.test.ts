import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { BuildMachine } from '../lifecycle/testkit/build-machine.ts';
import { ourBuilder } from './testkit/our-builder.ts';
import { webProcess } from './testkit/web-process.ts';

const builder = ourBuilder();
after(() => builder[Symbol.dispose]());

const SERVER = ['node', '<layers>/epinio_static/server/server.mjs'];

describe('a static site', () => {
  const page = { 'index.html': '<p>hi' };
  const cases: readonly (readonly [
    name: string,
    files: Readonly<Record<string, string>>,
    environment: Readonly<Record<string, string>>,
    expected: readonly string[],
  ])[] = [
    ['is served from the sources', page, {}, ['.']],
    ['is served from public/', { 'public/index.html': '', 'README.md': '' }, {}, ['public']],
    [
      'is served from the folder that is named',
      { ...page, 'docs/a.html': '' },
      { BP_WEB_SERVER_ROOT: 'docs' },
      ['docs'],
    ],
    [
      'can answer unknown paths with index.html',
      page,
      { BP_WEB_SERVER_ENABLE_PUSH_STATE: 'true' },
      ['.', '--push-state'],
    ],
  ];
  for (const [name, files, environment, expected] of cases) {
    it(name, async () => {
      using machine = new BuildMachine(builder);
      await machine.build(files, environment);
      assert.deepEqual(webProcess(machine), [...SERVER, ...expected]);
    });
  }

  for (const [root, reason] of [
    ['nowhere', /failed: there is no folder "nowhere", as BP_WEB_SERVER_ROOT says/],
    ['../../etc', /failed: BP_WEB_SERVER_ROOT is "\.\.\/\.\.\/etc", which is no folder of the sources/],
    ['a"b', /which is no folder of the sources/],
  ] as const) {
    it(`fails for the folder ${root}`, async () => {
      using machine = new BuildMachine(builder);
      await assert.rejects(machine.build(page, { BP_WEB_SERVER_ROOT: root }), reason);
    });
  }
});
