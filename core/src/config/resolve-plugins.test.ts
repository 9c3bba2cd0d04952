import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isEpinioError } from '../kernel/errors.ts';
import { createPlatform } from '../kernel/platform.ts';
import { loadInstallation, type Installation } from './load-installation.ts';
import { resolvedConfig, resolvedText } from './resolved.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'epinio-plugins-')));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

function folder(files: Readonly<Record<string, string>>): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  // What third parties have from npm: their plugins' own dependencies.
  mkdirSync(join(path, 'node_modules'), { recursive: true });
  symlinkSync(
    dirname(createRequire(import.meta.url).resolve('zod/package.json')),
    join(path, 'node_modules', 'zod'),
    'dir',
  );
  return path;
}

/** The source of a plugin, as a third party without TypeScript would write it. */
function source(id: string, more: Readonly<Record<string, string>> = {}): string {
  const fields: Record<string, string> = {
    $$type: '"epinio/plugin"',
    id: JSON.stringify(id),
    provides: '{ id: "mesh", key: Symbol.for("epinio:mesh"), contract: true }',
    contractVersion: '1',
    needs: '{}',
    config:
      'z.strictObject({ depth: z.number().default(3).describe("Depth"), password: z.string().default("top").meta({ description: "Password", writeOnly: true }) })',
    parts: '() => []',
    probes: '() => []',
    create: '(needs, config) => ({ id: ' + JSON.stringify(id) + ', config })',
    ...more,
  };
  const body = Object.entries(fields)
    .map(([key, value]) => `${key}: ${value}`)
    .join(',\n');
  return `import { z } from 'zod';\nexport default Object.freeze({ ${body} });\n`;
}

const manifest = (more: object): string => JSON.stringify({ type: 'module', ...more });
const module = manifest({ exports: { '.': { 'epinio-src': './source.js', default: './index.js' } } });

const base = folder({
  'node_modules/@epinio/plugin-bundled/package.json': module,
  'node_modules/@epinio/plugin-bundled/index.js': source('bundled'),
  'cli.js': '',
});

function config(...components: string[]): Readonly<Record<string, string>> {
  return {
    'epinio.config.yaml': [
      'api: epinio/v1',
      'domain: a.example',
      'components:',
      ...components.map((line) => `  ${line}`),
    ].join('\n'),
  };
}

function load(files: Readonly<Record<string, string>>, named = true): Promise<Installation> {
  const file = named ? { file: 'epinio.config.yaml' } : {};
  return loadInstallation({
    cwd: folder(files),
    ...file,
    environment: {},
    profiles: {},
    base: pathToFileURL(join(base, 'cli.js')),
  });
}

async function ids(files: Readonly<Record<string, string>>): Promise<string[]> {
  return (await load(files)).plugins.map(({ plugin }) => plugin.id);
}

async function problems(files: Readonly<Record<string, string>>, named = true): Promise<readonly string[]> {
  try {
    await load(files, named);
  } catch (error) {
    assert.ok(isEpinioError(error), String(error));
    const lines = error.details.length > 0 ? error.details : [`${error.message} (${error.fix ?? ''})`];
    return lines.map((line) => line.replaceAll(root, '<root>').replaceAll(/<root>\/\d+/g, '<folder>'));
  }
  assert.fail('the plugins were accepted');
}

describe('the lookup of plugins', () => {
  it('finds a path, a short name in both forms, and a package by its name', async () => {
    assert.deepEqual(await ids({ ...config('mesh: ./here.mjs'), 'here.mjs': source('here') }), ['here']);
    for (const name of ['@epinio/plugin-mine', 'epinio-plugin-mine', 'mine']) {
      const files = {
        [`node_modules/${name}/package.json`]: module,
        [`node_modules/${name}/index.js`]: source(name.replace(/\W+/g, '-')),
      };
      assert.deepEqual(await ids({ ...config('mesh: mine'), ...files }), [name.replace(/\W+/g, '-')]);
    }
    const scoped = {
      'node_modules/@acme/mesh/package.json': module,
      'node_modules/@acme/mesh/index.js': source('acme'),
    };
    assert.deepEqual(await ids({ ...config('mesh: "@acme/mesh"'), ...scoped }), ['acme']);
  });

  it('finds a package that exports itself for import alone, and one in CommonJS', async () => {
    const imported = {
      'node_modules/mine/package.json': manifest({
        exports: { import: { types: './x.d.ts', default: './index.js' } },
      }),
      'node_modules/mine/index.js': source('import-only'),
    };
    assert.deepEqual(await ids({ ...config('mesh: mine'), ...imported }), ['import-only']);
    const common = source('common')
      .replace("import { z } from 'zod'", "const { z } = require('zod')")
      .replace('export default', 'exports.default =');
    const required = {
      'node_modules/mine/package.json': '{ "main": "index.js" }',
      'node_modules/mine/index.js': common,
    };
    assert.deepEqual(await ids({ ...config('mesh: mine'), ...required }), ['common']);
  });

  it('falls back to the plugins that came with the command, and prefers those of the folder', async () => {
    assert.deepEqual(await ids(config('mesh: bundled')), ['bundled']);
    const own = {
      'node_modules/@epinio/plugin-bundled/package.json': module,
      'node_modules/@epinio/plugin-bundled/index.js': source('own'),
    };
    assert.deepEqual(await ids({ ...config('mesh: bundled'), ...own }), ['own']);
  });

  it('runs no code of a folder whose config file was found and not named', async () => {
    const marker = join(root, 'ran');
    const evil = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(marker)}, '');\n${source('evil')}`;
    assert.deepEqual(await problems({ ...config('mesh: ./evil.mjs'), 'evil.mjs': evil }, false), [
      'epinio.config.yaml:4:9: Plugin "./evil.mjs" is code of the folder "<folder>", whose config file was found and not named (name the config file with -f, if you trust the folder)',
    ]);
    const shadow = {
      'node_modules/@epinio/plugin-bundled/package.json': module,
      'node_modules/@epinio/plugin-bundled/index.js': evil,
    };
    const { plugins } = await load({ ...config('mesh: bundled'), ...shadow }, false);
    assert.deepEqual(
      plugins.map(({ plugin }) => plugin.id),
      ['bundled'],
    );
    assert.throws(() => execFileSync('ls', [marker], { stdio: 'ignore' }));
  });

  it('finds a path that was given by environment from the current folder', async () => {
    const { plugins } = await loadInstallation({
      cwd: folder({ 'typed.mjs': source('typed') }),
      environment: { EPINIO_COMPONENTS_MESH: './typed.mjs', EPINIO_DOMAIN: 'a.example' },
      profiles: {},
      base,
    });
    assert.deepEqual(
      plugins.map(({ plugin }) => plugin.id),
      ['typed'],
    );
  });

  it('takes the sources under the condition "epinio-src", and the build without', () => {
    const cwd = folder({
      'node_modules/mine/package.json': module,
      'node_modules/mine/index.js': '',
      'node_modules/mine/source.js': '',
    });
    const script = `import { findPlugin } from ${JSON.stringify(join(import.meta.dirname, 'find-plugin.ts'))}; console.log(findPlugin('mine', ${JSON.stringify(cwd)}));`;
    const run = (...flags: string[]): string =>
      execFileSync(process.execPath, ['--import', 'tsx', ...flags, '--input-type=module', '--eval', script], {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] },
      }).trim();
    assert.equal(run(), join(cwd, 'node_modules/mine/index.js'));
    assert.equal(run('--conditions=epinio-src'), join(cwd, 'node_modules/mine/source.js'));
  });

  it('gives uses that make a platform', async () => {
    const { plugins } = await load({ ...config('mesh: { use: bundled, with: { depth: 5 } }') });
    await using platform = await createPlatform({ plugins });
    const service = await platform.open({ id: 'mesh', key: Symbol.for('epinio:mesh') });
    assert.deepEqual(service, { id: 'bundled', config: { depth: 5, password: 'top' } });
  });
});

describe('bad plugins', () => {
  it('are told apart: not installed, and installed without their entry', async () => {
    const files = { 'node_modules/mine/package.json': manifest({ exports: './dist/index.js' }) };
    assert.deepEqual(await problems({ ...config('mesh: mine'), ...files }), [
      'epinio.config.yaml:4:9: Package "mine" is in "<folder>/node_modules/mine", but the module it exports is not (build it, or install it again)',
    ]);
  });

  it('are taken for typing errors where an installed plugin has nearly that name', async () => {
    const [problem = ''] = await problems(config('mesh: bundeld'));
    assert.match(problem, /Plugin "bundeld" is not installed .* \(did you mean "bundled"\?\)$/);
  });

  it('are all told at once, with what is wrong in the file beside them', async () => {
    const files = {
      ...config(
        'mesh: { use: bundled, with: { dpeth: 5, password: 7 } }',
        'ingress: nowhere',
        'storage: ./missing.mjs',
        'certs: ./throws.mjs',
        'registry: ./no-plugin.mjs',
        'builder: ./newer.mjs',
        'catalog: ./older.mjs',
        'secretSync: bundled',
        'cluster: ./broken.mjs',
        'brokers: [fs]',
        'colour: red',
      ),
      'throws.mjs': 'throw new Error("no such device");',
      'no-plugin.mjs': 'export default function () {}',
      'newer.mjs': source('newer', { contractVersion: '2' }),
      'older.mjs': source('older', { contractVersion: '0' }),
      'broken.mjs': source('broken', { parts: '[]', config: '{ parse() {} }' }),
    };
    assert.deepEqual((await problems(files)).toSorted(), [
      'epinio.config.yaml:10:12: Plugin "./older.mjs" speaks contract version 0, this Epinio speaks version 1 (install a newer version of the plugin)',
      'epinio.config.yaml:11:15: Plugin "bundled" provides "mesh", but is used where "secret-sync" is needed (move it to the component it is made for, or choose one that provides "secret-sync")',
      'epinio.config.yaml:12:12: Plugin "./broken.mjs" (<folder>/broken.mjs) lacks or misuses "config", "parts" (tell its author to make it with definePlugin and to check it with testPlugin)',
      'epinio.config.yaml:13:13: Plugin "fs" is not installed (looked for @epinio/plugin-fs, epinio-plugin-fs, fs from "<folder>" and "<folder>") (npm install @epinio/plugin-fs)',
      'epinio.config.yaml:14:3: Unknown key "colour" in "components" (known are "cluster", "ingress", "mesh", "certs", "secretSync", "storage", "registry", "builder", "catalog", "brokers")',
      'epinio.config.yaml:4:33: Unknown key "dpeth" in "components.mesh.with" (did you mean "depth"?)',
      'epinio.config.yaml:4:53: "components.mesh.with.password" must be a string, but is a number',
      'epinio.config.yaml:5:12: Plugin "nowhere" is not installed (looked for @epinio/plugin-nowhere, epinio-plugin-nowhere, nowhere from "<folder>" and "<folder>") (npm install @epinio/plugin-nowhere)',
      'epinio.config.yaml:6:12: Plugin "./missing.mjs" does not exist (looked from "<folder>") (write a path from the config file to the module of the plugin)',
      'epinio.config.yaml:7:10: Plugin "./throws.mjs" (<folder>/throws.mjs) failed while it was loaded: no such device (install it again, or report this to its author)',
      'epinio.config.yaml:8:13: "./no-plugin.mjs" is not a plugin: the default export of <folder>/no-plugin.mjs was not made by definePlugin (name a package that exports an Epinio plugin as its default)',
      'epinio.config.yaml:9:12: Plugin "./newer.mjs" speaks contract version 2, this Epinio speaks version 1 (update Epinio, or install an older version of the plugin)',
    ]);
  });

  it('name a dependency that a plugin cannot find', async () => {
    const [told] = await problems({ ...config('mesh: ./needy.mjs'), 'needy.mjs': "import 'not-installed';" });
    assert.match(
      told ?? '',
      /^epinio.config.yaml:4:9: Plugin ".\/needy.mjs" .* failed while it was loaded: Cannot find package 'not-installed'/,
    );
  });
});

describe('resolvedConfig', () => {
  it('tells every value with its origin, defaults too, and no secret', async () => {
    const installation = await loadInstallation({
      cwd: folder({
        'epinio.config.yaml':
          'api: epinio/v1\ncomponents:\n  mesh: { with: { password: hunter2 } }\n  ingress: false\n',
      }),
      environment: {},
      flags: [{ flag: '--domain', key: 'domain', value: 'a.example' }],
      profiles: { small: { components: { mesh: 'bundled' } } },
      defaultProfile: 'small',
      base,
    });
    const values = await resolvedConfig(installation);
    assert.deepEqual(
      values.map(({ key, value, origin }) => [key, value, origin]),
      [
        ['profile', 'small', 'default'],
        ['domain', 'a.example', '--domain'],
        ['namespace', 'epinio', 'default'],
        ['tlsIssuer', 'epinio-ca', 'default'],
        ['components.ingress', false, 'epinio.config.yaml:4:12'],
        ['components.mesh.use', 'bundled', 'profile small'],
        ['components.mesh.with.password', '(secret)', 'epinio.config.yaml:3:29'],
        ['components.mesh.with.depth', 3, 'default'],
      ],
    );
    const text = await resolvedText(values);
    assert.match(text, /^api: epinio\/v1\nprofile: small # default\ndomain: a.example # --domain\n/);
    assert.match(
      text,
      /\n {4}with:\n {6}password: \(secret\) # epinio.config.yaml:3:29\n {6}depth: 3 # default\n/,
    );
    assert.doesNotMatch(text, /hunter2/);
  });

  it('shows what refers to the environment as it was written', async () => {
    const files = {
      ...config('mesh: { use: ./mine.mjs, with: { word: "${env:WORD}" } }'),
      'mine.mjs': source('mine', {
        config:
          'z.strictObject({ word: z.string(), depth: z.number(), list: z.array(z.string()).default(["a"]) })',
      }),
    };
    const loaded = await loadInstallation({
      cwd: folder(files),
      environment: { WORD: 'hunter2', EPINIO_COMPONENTS_MESH_WITH_DEPTH: '4' },
      file: 'epinio.config.yaml',
      profiles: {},
      base,
    });
    assert.deepEqual(loaded.plugins[0]?.config, { word: 'hunter2', depth: 4 });
    const values = await resolvedConfig(loaded);
    assert.deepEqual(
      values.slice(-3, -1).map(({ key, value, origin }) => [key, value, origin]),
      [
        ['components.mesh.with.word', '${env:WORD}', 'epinio.config.yaml:4:42'],
        ['components.mesh.with.depth', 4, 'EPINIO_COMPONENTS_MESH_WITH_DEPTH'],
      ],
    );
    assert.match(await resolvedText(values), /\n {6}list: \[ a \] # default\n/);
  });
});
