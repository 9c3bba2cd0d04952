import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { needProgram } from '@epinio/core/testkit';
import { BuildMachine } from '../lifecycle/testkit/build-machine.ts';
import { ourBuilder } from './testkit/our-builder.ts';
import { webProcess } from './testkit/web-process.ts';

// One machine for all: the standard library is compiled once.
const builder = ourBuilder();
const machine = new BuildMachine(builder);
after(() => {
  machine[Symbol.dispose]();
  builder[Symbol.dispose]();
});

const MODULE = { 'go.mod': 'module example.com/x\n\ngo 1.21\n' };

describe('a Go application', () => {
  it('is compiled with the cache of the last build', async (t) => {
    if (needProgram(t, 'go', 'build Go applications') === undefined) return;
    const program = { ...MODULE, 'cmd/only/main.go': 'package main\n\nfunc main() { println("hi") }\n' };
    await machine.build(program);
    assert.deepEqual(webProcess(machine), ['web']);
    assert.ok(
      existsSync(machine.path('layers/epinio_go/program/bin/web')),
      "existsSync(machine.path('layers/epinio_go/program/bin/web'))",
    );
    await machine.keepCache();
    machine.renew();
    await machine.build(program);
    assert.match(machine.log, /restored build-cache, modules/);
  });

  const failures: readonly (readonly [files: Readonly<Record<string, string>>, reason: RegExp])[] = [
    [{ ...MODULE, 'main.go': 'package main\n\nfunc main() { nothing() }\n' }, /failed: "go build \." failed/],
    [{ ...MODULE, 'x/x.go': 'package x\n' }, /failed: the module has no package main/],
    [
      {
        ...MODULE,
        'cmd/a/a.go': 'package main\n\nfunc main() {}\n',
        'cmd/b/b.go': 'package main\n\nfunc main() {}\n',
      },
      /failed: the module has several main packages; say which with the variable BP_GO_TARGETS/,
    ],
  ];
  for (const [files, reason] of failures) {
    it(`fails for ${Object.keys(files).join(', ')}`, async (t) => {
      if (needProgram(t, 'go', 'build Go applications') === undefined) return;
      machine.renew();
      await assert.rejects(machine.build(files), reason);
    });
  }
});
