import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readBuildMetadata } from './build-metadata.ts';
import { EXIT } from './lifecycle-error.ts';
import { BuildMachine } from './testkit/build-machine.ts';

/** A process, so that there is something to start. */
const WEB = `printf '[[processes]]\\ntype = "web"\\ncommand = ["run"]\\n' >"$CNB_LAYERS_DIR/launch.toml"`;

describe('detection', () => {
  it('takes the first group that passes, without optional buildpacks that fail', async () => {
    using machine = new BuildMachine(
      [
        { id: 'acme/no', detect: 'exit 100' },
        { id: 'acme/yes', build: WEB },
        { id: 'acme/last', build: 'exit 1' },
      ],
      [[{ id: 'acme/no' }], [{ id: 'acme/no', optional: true }, { id: 'acme/yes' }], [{ id: 'acme/last' }]],
    );
    await machine.build();
    assert.deepEqual(readBuildMetadata(machine.path('layers')).buildpacks, [
      { id: 'acme/yes', version: '1.2.3', api: '0.12', homepage: undefined },
    ]);
  });

  it('runs each bin/detect once, in the application, with what the specification says', async () => {
    using machine = new BuildMachine(
      [
        {
          id: 'acme/asks',
          detect: `
            echo x >>../asked
            [ -f app.txt ] && [ -f "$CNB_BUILDPACK_DIR/buildpack.toml" ] && [ -d "$CNB_PLATFORM_DIR/env" ]
            [ "$1" = "$CNB_PLATFORM_DIR" ] && [ "$2" = "$CNB_BUILD_PLAN_PATH" ] && [ -n "$CNB_TARGET_ARCH" ]
            [ "$CNB_EXEC_ENV" = production ] && [ "$BP_MINE" = "a b" ]
            [ -z "\${PORT-}" ] && [ -z "\${SECRET-}" ]`,
          build: WEB,
        },
        { id: 'acme/no', detect: 'exit 100' },
      ],
      [[{ id: 'acme/asks' }, { id: 'acme/no' }], [{ id: 'acme/asks' }]],
    );
    await machine.build({ 'app.txt': '' }, { BP_MINE: 'a b' });
    assert.equal(readFileSync(machine.path('asked'), 'utf8'), 'x\n');
  });

  it('looks into composite buildpacks', async () => {
    const order =
      '[[order]]\n[[order.group]]\nid = "acme/no"\nversion = "1.2.3"\n[[order]]\n[[order.group]]\nid = "acme/yes"\nversion = "1.2.3"';
    using machine = new BuildMachine(
      [
        { id: 'acme/no', detect: 'exit 100' },
        { id: 'acme/yes', build: WEB },
        { id: 'acme/both', toml: order },
      ],
      [[{ id: 'acme/both' }]],
    );
    await machine.build();
    assert.match(machine.log, /acme\/yes 1\.2\.3/);
  });

  it('says what was looked for and what is there when nothing passes', async () => {
    using machine = new BuildMachine(
      [
        { id: 'acme/node', detect: 'exit 100', toml: '[metadata]\nlooks-for = ["package.json"]' },
        { id: 'acme/other', detect: 'echo "no such thing"; exit 100' },
        { id: 'acme/elsewhere', toml: '[[targets]]\nos = "plan9"' },
      ],
      [[{ id: 'acme/node' }], [{ id: 'acme/other' }], [{ id: 'acme/elsewhere' }]],
    );
    await assert.rejects(machine.build({ 'my-app/package.json': '{}' }), {
      exitCode: EXIT.nothingDetected,
      message:
        'No buildpack recognises the sources ("package.json" is in the folder "my-app", push that folder): add one of package.json',
      details: [
        'acme/node 1.2.3: does not recognise the sources (looks for package.json)',
        'acme/other 1.2.3: does not recognise the sources',
        '  no such thing',
        `acme/elsewhere 1.2.3: is not made for ${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
      ],
    });
  });

  it('tells a bin/detect that breaks from one that does not pass', async () => {
    using machine = new BuildMachine(
      [{ id: 'acme/broken', detect: 'echo oh no >&2; exit 7' }],
      [[{ id: 'acme/broken' }]],
    );
    await assert.rejects(machine.build({ 'a.txt': '' }), {
      exitCode: EXIT.detectErrored,
      message: 'No buildpack recognises the sources (they hold a.txt)',
      details: ['acme/broken 1.2.3: bin/detect ended with exit code 7', '  oh no'],
    });
  });

  it('says which dependency nobody provides', async () => {
    using machine = new BuildMachine(
      [{ id: 'acme/npm', detect: `printf '[[requires]]\\nname = "node"\\n' >"$CNB_BUILD_PLAN_PATH"` }],
      [[{ id: 'acme/npm' }]],
    );
    await assert.rejects(machine.build(), (error: { details: readonly string[] }) => {
      assert.ok(
        error.details.includes('"acme/npm" requires "node", which nothing before it provides'),
        'error.details.includes(\'"acme/npm" requires "node", which nothing before it provides\')',
      );
      return true;
    });
  });

  it('refuses another Buildpack API', async () => {
    using machine = new BuildMachine([{ id: 'acme/old', api: '0.2' }], [[{ id: 'acme/old' }]]);
    await assert.rejects(machine.build(), {
      exitCode: EXIT.buildpackApi,
      message: 'Buildpack "acme/old" needs Buildpack API 0.2, this lifecycle speaks 0.10, 0.11, 0.12',
    });
  });
});

describe('build', () => {
  it('gives layers of earlier buildpacks to later ones, not ignored ones, and the user the last word', async () => {
    using machine = new BuildMachine(
      [
        {
          id: 'acme/first',
          build: `
            mkdir -p "$CNB_LAYERS_DIR/tools/bin" "$CNB_LAYERS_DIR/tools/env.build" "$CNB_LAYERS_DIR/junk"
            printf '#!/bin/sh\\necho from-tool' >"$CNB_LAYERS_DIR/tools/bin/tool"
            chmod +x "$CNB_LAYERS_DIR/tools/bin/tool"
            printf theirs >"$CNB_LAYERS_DIR/tools/env.build/MINE"
            printf layer >"$CNB_LAYERS_DIR/tools/env.build/THEIRS"
            printf '[types]\\nbuild = true\\n' >"$CNB_LAYERS_DIR/tools.toml"
            printf '[types]\\n' >"$CNB_LAYERS_DIR/junk.toml"`,
        },
        {
          id: 'acme/second',
          build: `echo "$(tool) $MINE $THEIRS"; [ -d "$CNB_LAYERS_DIR/../acme_first/junk.ignore" ]; ${WEB}`,
        },
      ],
      [[{ id: 'acme/first' }, { id: 'acme/second' }]],
    );
    await machine.build({}, { MINE: 'mine' });
    assert.match(machine.log, /^ {5}from-tool mine layer$/m);
  });

  it('gives a buildpack what others required of it, and what it leaves unmet to the next provider', async () => {
    const provides = `printf '[[provides]]\\nname = "x"\\n' >"$CNB_BUILD_PLAN_PATH"`;
    using machine = new BuildMachine(
      [
        {
          id: 'acme/one',
          detect: provides,
          build: `grep -q 'version = "9"' "$CNB_BP_PLAN_PATH"; printf '[[unmet]]\\nname = "x"\\n' >"$CNB_LAYERS_DIR/build.toml"`,
        },
        { id: 'acme/two', detect: provides, build: `grep -c 'name = "x"' "$CNB_BP_PLAN_PATH"` },
        { id: 'acme/three', detect: provides, build: `! grep 'name = "x"' "$CNB_BP_PLAN_PATH"; ${WEB}` },
        {
          id: 'acme/asks',
          detect: `printf '[[requires]]\\nname = "x"\\n[requires.metadata]\\nversion = "9"\\n' >"$CNB_BUILD_PLAN_PATH"`,
        },
      ],
      [[{ id: 'acme/one' }, { id: 'acme/two' }, { id: 'acme/three' }, { id: 'acme/asks' }]],
    );
    await machine.build();
    assert.match(machine.log, /^ {5}1$/m);
  });

  it('hides the user environment from buildpacks that want it in files only', async () => {
    using machine = new BuildMachine(
      [
        {
          id: 'acme/clear',
          toml: 'clear-env = true',
          build: `echo "[\${X-none}] [$(cat "$CNB_PLATFORM_DIR/env/X")]"; ${WEB}`,
        },
      ],
      [[{ id: 'acme/clear' }]],
    );
    await machine.build({}, { X: 'value' });
    assert.match(machine.log, /\[none\] \[value\]/);
  });

  it('writes lines as they come, of stdout and stderr, and does not wait for what stays in the background', async () => {
    using machine = new BuildMachine(
      [
        {
          id: 'acme/talks',
          build: `echo out; echo err >&2; printf 'a\\rb\\n'; sleep 60 & printf 'no newline'; ${WEB}`,
        },
      ],
      [[{ id: 'acme/talks' }]],
    );
    const started = Date.now();
    await machine.build();
    assert.ok(Date.now() - started < 10_000, 'Date.now() - started < 10_000');
    for (const line of ['out', 'err', 'b', 'no newline'])
      assert.match(machine.log, new RegExp(`^ {5}${line}$`, 'm'));
  });

  it('stops at the first buildpack that fails, and says which and why', async () => {
    using machine = new BuildMachine(
      [
        {
          id: 'acme/fails',
          build: 'echo "ERROR: first"; echo working; echo "ERROR: the moon is full"; exit 3',
        },
        { id: 'acme/never', build: `touch "$CNB_LAYERS_DIR/../../never"` },
      ],
      [[{ id: 'acme/fails' }, { id: 'acme/never' }]],
    );
    await assert.rejects(machine.build(), {
      exitCode: EXIT.buildpackFailed,
      message: 'Buildpack "acme/fails" failed: the moon is full',
    });
    assert.match(machine.log, /^ {5}ERROR: first\n {5}working\n$/m, 'the closing sentence is not said twice');
    assert.ok(!existsSync(machine.path('never')), "!existsSync(machine.path('never'))");
  });

  it('names exit code or signal where the buildpack says nothing', async () => {
    for (const [build, reason] of [
      ['exit 3', 'bin/build ended with exit code 3'],
      ['kill -9 $$', 'bin/build was ended by SIGKILL'],
    ] as const) {
      using machine = new BuildMachine([{ id: 'acme/fails', build }], [[{ id: 'acme/fails' }]]);
      await assert.rejects(machine.build(), { message: `Buildpack "acme/fails" failed: ${reason}` });
    }
  });

  it('fails when nothing says what to start', async () => {
    using machine = new BuildMachine([{ id: 'acme/library' }], [[{ id: 'acme/library' }]]);
    await assert.rejects(machine.build(), {
      message:
        'No buildpack says how to start the application: add a file "Procfile" with a line "web: <command>"',
    });
  });
});
