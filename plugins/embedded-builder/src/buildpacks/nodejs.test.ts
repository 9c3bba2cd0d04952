import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { BuildMachine } from '../lifecycle/testkit/build-machine.ts';
import { openNpmRegistry } from './testkit/npm-registry.ts';
import { ourBuilder } from './testkit/our-builder.ts';
import { webProcess } from './testkit/web-process.ts';

const builder = ourBuilder();
after(() => builder[Symbol.dispose]());

type Files = Readonly<Record<string, string>>;

/** package.json changed as an application of a test needs it. */
function withManifest(files: Files, change: object): Files {
  const manifest = JSON.parse(files['package.json'] ?? '{}') as object;
  return { ...files, 'package.json': JSON.stringify({ ...manifest, ...change }) };
}

describe('how a Node.js application starts', () => {
  const server = { 'server.js': '' };
  const cases: readonly (readonly [name: string, files: Files, expected: readonly string[]])[] = [
    [
      'a simple start script, without npm',
      withManifest({}, { scripts: { start: 'node  server.js --port=1' } }),
      ['node', 'server.js', '--port=1'],
    ],
    [
      'a start script with variables before it',
      withManifest({}, { scripts: { start: 'A=b node x.js' } }),
      ['env', 'A=b', 'node', 'x.js'],
    ],
    [
      'a start script for a shell',
      withManifest({}, { scripts: { start: 'node x.js && echo "$A"' } }),
      ['sh', '-c', 'node x.js && echo "$A"'],
    ],
    [
      'prestart before start',
      withManifest({}, { scripts: { prestart: 'a', start: 'b' } }),
      ['sh', '-c', 'a && b'],
    ],
    ['main', withManifest({ 'lib/x.js': '' }, { main: 'lib/x.js' }), ['node', 'lib/x.js']],
    ['a file with a usual name', withManifest(server, {}), ['node', 'server.js']],
    [
      'the Procfile before all else',
      withManifest({ ...server, Procfile: 'web: node other.js' }, {}),
      ['node', 'other.js'],
    ],
    ['a Procfile alone', withManifest({ Procfile: 'web: node "$X"' }, {}), ['sh', '-c', 'exec node "$X"']],
  ];
  for (const [name, files, expected] of cases) {
    it(name, async () => {
      using machine = new BuildMachine(builder);
      await machine.build(files);
      assert.deepEqual(webProcess(machine), expected);
    });
  }

  it('with NODE_ENV "production" unless something else is said, and what npm would tell it', async () => {
    using machine = new BuildMachine(builder);
    await machine.build(withManifest(server, { name: 'my-app', version: '1.2.3' }));
    const read = (file: string): string =>
      readFileSync(machine.path('layers/epinio_nodejs/runtime/env.launch', file), 'utf8');
    assert.equal(read('NODE_ENV.default'), 'production');
    assert.equal(read('npm_package_name.default'), 'my-app');
    assert.equal(read('npm_package_version.default'), '1.2.3');
  });

  const failures: readonly (readonly [files: Files, reason: RegExp])[] = [
    [{ 'package.json': '{ "name": ' }, /failed: package\.json is not valid JSON: /],
    [{ 'package.json': '{}' }, /failed: nothing says how to start: add a "start" script to package\.json/],
    [
      withManifest({}, { scripts: { start: 'x', build: 'echo broken; exit 4' } }),
      /failed: "npm run build" ended with exit code 4/,
    ],
  ];
  for (const [files, reason] of failures) {
    it(`fails for ${files['package.json'] ?? ''}`, async () => {
      using machine = new BuildMachine(builder);
      await assert.rejects(machine.build(files), reason);
    });
  }
});

describe('dependencies of a Node.js application', () => {
  it('are installed by the lock file, used again while it stays, and not fetched twice', async () => {
    await using registry = await openNpmRegistry();
    using machine = new BuildMachine(builder);
    const app = { ...registry.application('1.0.0'), 'server.js': '' };
    await machine.build(app);
    const module = machine.path('app/node_modules/greeting/index.js');
    assert.match(readFileSync(module, 'utf8'), /hello from 1\.0\.0/);
    assert.match(machine.log, /\$ npm ci --omit=dev/);
    await machine.keepCache();

    machine.renew();
    await machine.build(withManifest(app, { version: '1.0.1', description: 'of no account' }));
    assert.match(machine.log, /Dependencies: unchanged/);
    assert.doesNotMatch(machine.log, /npm ci/);
    assert.ok(!existsSync(module), 'the layer is in the image');
    await machine.keepCache();

    machine.renew();
    await machine.build({ ...registry.application('2.0.0'), 'server.js': '' });
    assert.match(readFileSync(module, 'utf8'), /hello from 2\.0\.0/);
    await machine.keepCache();
    assert.equal(registry.fetched, 2);

    machine.renew();
    await machine.build(app);
    assert.match(readFileSync(module, 'utf8'), /hello from 1\.0\.0/);
    assert.equal(registry.fetched, 2, 'npm has it in its cache');
  });

  it('of development are there for the build script, and not in the image', async () => {
    await using registry = await openNpmRegistry();
    using machine = new BuildMachine(builder);
    const app = withManifest(
      { ...registry.application('1.0.0', 'devDependencies'), 'server.js': '' },
      { scripts: { build: 'greet' } },
    );
    await machine.build(app, { NODE_ENV: 'production' });
    assert.equal(readFileSync(machine.path('app/made.txt'), 'utf8'), 'hello from 1.0.0');
    assert.ok(!existsSync(machine.path('app/node_modules')), "!existsSync(machine.path('app/node_modules'))");
    await machine.keepCache();

    machine.renew();
    await machine.build(app);
    assert.match(machine.log, /Dependencies: unchanged \(build-modules\)/);
    assert.equal(readFileSync(machine.path('app/made.txt'), 'utf8'), 'hello from 1.0.0');
  });

  it('are installed among the sources where a script needs these', async () => {
    await using registry = await openNpmRegistry();
    using machine = new BuildMachine(builder);
    const scripts = { postinstall: 'test -f server.js && touch installed' };
    await machine.build(withManifest({ ...registry.application('1.0.0'), 'server.js': '' }, { scripts }));
    assert.match(machine.log, /installed among the sources, since package.json has a script "postinstall"/);
    assert.ok(existsSync(machine.path('app/installed')), "existsSync(machine.path('app/installed'))");
    assert.ok(
      existsSync(machine.path('app/node_modules/greeting/index.js')),
      "existsSync(machine.path('app/node_modules/greeting/index.js'))",
    );
  });

  it('that do not fit the lock file fail the build with what npm says', async () => {
    await using registry = await openNpmRegistry();
    using machine = new BuildMachine(builder);
    const app = withManifest(
      { ...registry.application('1.0.0'), 'server.js': '' },
      { dependencies: { other: '1' } },
    );
    await assert.rejects(machine.build(app), /failed: "npm ci --omit=dev" ended with exit code 1/);
    assert.match(machine.log, /npm error 404 Not Found - GET .*\/other/);
  });
});

describe('a front end', () => {
  it('is built, and what comes out is served', async () => {
    using machine = new BuildMachine(builder);
    const scripts = { build: 'mkdir dist && cp index.html dist/' };
    await machine.build({ ...withManifest({}, { scripts }), 'index.html': '<p>hi' });
    assert.deepEqual(webProcess(machine), ['node', '<layers>/epinio_static/server/server.mjs', '<app>/dist']);
  });

  it('that is a page with tools only is served as it is', async () => {
    using machine = new BuildMachine(builder);
    await machine.build({ ...withManifest({}, { scripts: { lint: 'x' } }), 'index.html': '<p>hi' });
    assert.deepEqual(webProcess(machine), ['node', '<layers>/epinio_static/server/server.mjs', '.']);
  });

  it('does not take a server with a public folder for one', async () => {
    using machine = new BuildMachine(builder);
    await machine.build({
      ...withManifest({}, { scripts: { start: 'node s.js' } }),
      'public/index.html': '',
    });
    assert.deepEqual(webProcess(machine), ['node', 's.js']);
  });
});
