import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isEpinioError } from '../kernel/errors.ts';
import { loadConfig, type LoadConfigOptions, type LoadedConfig, type Profile } from './load.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'epinio-config-')));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

/** A folder of its own with these files. */
function folder(files: Readonly<Record<string, string>>): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

const profiles: Readonly<Record<string, Profile>> = {
  small: {
    domain: 'localhost',
    components: {
      ingress: { use: 'door', with: { httpsPort: 8443, log: { level: 'info' } } },
      mesh: false,
      storage: 'shelf',
    },
  },
  big: { components: { ingress: 'gate' } },
};

function load(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadConfigOptions> = {},
): Promise<LoadedConfig> {
  return loadConfig({ cwd: folder(files), environment: {}, profiles, defaultProfile: 'small', ...options });
}

/** All problems that the configuration has, a line each. */
async function problems(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadConfigOptions> = {},
): Promise<readonly string[]> {
  try {
    await load(files, options);
  } catch (error) {
    assert.ok(isEpinioError(error), String(error));
    return error.details.length > 0
      ? error.details
      : [`${error.message}${error.fix === undefined ? '' : ` (${error.fix})`}`];
  }
  assert.fail('the configuration was accepted');
}

function file(...lines: string[]): Readonly<Record<string, string>> {
  return { 'epinio.config.yaml': ['api: epinio/v1', ...lines, ''].join('\n') };
}

describe('loadConfig', () => {
  it('takes the default profile and the defaults when nothing is said', async () => {
    const loaded = await load({});
    assert.deepEqual(loaded.settings, { domain: 'localhost', namespace: 'epinio', tlsIssuer: 'epinio-ca' });
    assert.deepEqual(
      loaded.components.map(({ contract, use, with: options }) => [contract, use, options]),
      [
        ['ingress', 'door', { httpsPort: 8443, log: { level: 'info' } }],
        ['storage', 'shelf', {}],
      ],
    );
    assert.equal(loaded.file, undefined);
  });

  it('lays flags over environment over file over profile over defaults, and knows the origin of each', async () => {
    const loaded = await load(file('domain: file.example', 'namespace: from-file', 'tlsIssuer: from-file'), {
      environment: { EPINIO_DOMAIN: 'env.example', EPINIO_NAMESPACE: 'from-env', EPINIO_TLS_ISSUER: '' },
      flags: [{ flag: '--domain', key: 'domain', value: 'flag.example' }],
    });
    assert.deepEqual(loaded.settings, {
      domain: 'flag.example',
      namespace: 'from-env',
      tlsIssuer: 'from-file',
    });
    assert.equal(loaded.locate(['domain']), '--domain');
    assert.equal(loaded.locate(['namespace']), 'EPINIO_NAMESPACE');
    assert.equal(loaded.locate(['tlsIssuer']), 'epinio.config.yaml:4:12');
    assert.equal(loaded.locate(['components', 'storage', 'use']), 'profile small');
  });

  it('merges options with those of the same component, and drops those of another', async () => {
    const same = await load(file('components:', '  ingress: { with: { log: { colour: true } } }'));
    assert.deepEqual(same.components[0]?.with, { httpsPort: 8443, log: { level: 'info', colour: true } });
    const named = await load(file('components:', '  ingress: { use: door, with: { httpsPort: 1 } }'));
    assert.deepEqual(named.components[0]?.with, { httpsPort: 1, log: { level: 'info' } });
    const other = await load(file('components:', '  ingress: window'));
    assert.deepEqual(other.components[0]?.with, {});
    const none = await load(file('components:', '  ingress: false'));
    assert.deepEqual(
      none.components.map(({ use }) => use),
      ['shelf'],
    );
  });

  it('reads components from the environment', async () => {
    const loaded = await load(
      {},
      {
        environment: {
          EPINIO_COMPONENTS_INGRESS_USE: 'gate',
          EPINIO_COMPONENTS_INGRESS_WITH: '{ httpsPort: 1, depth: 2 }',
          EPINIO_COMPONENTS_INGRESS_WITH_HTTPS_PORT: '443',
          EPINIO_COMPONENTS_SECRET_SYNC: 'copier',
          EPINIO_COMPONENTS_STORAGE: 'false',
          EPINIO_COMPONENTS_BROKERS: '[one, { use: one, name: other }]',
          EPINIO_SOMETHING_ELSE: 'is not ours',
        },
      },
    );
    assert.deepEqual(
      loaded.components.map(({ contract, use, name, with: options }) => [contract, use, name, options]),
      [
        ['ingress', 'gate', undefined, { httpsPort: 443, depth: 2 }],
        ['secret-sync', 'copier', undefined, {}],
        ['broker', 'one', undefined, {}],
        ['broker', 'one', 'other', {}],
      ],
    );
  });

  it('takes the profile that is named, in any source', async () => {
    assert.deepEqual(
      (await load(file('profile: big', 'domain: a.example'))).components.map(({ use }) => use),
      ['gate'],
    );
    const loaded = await load(file('domain: a.example'), { environment: { EPINIO_PROFILE: 'big' } });
    assert.equal(loaded.profile, 'big');
  });

  it('replaces references to the environment, and leaves escaped ones', async () => {
    const options =
      'components: { ingress: { use: gate, with: { a: "${env:A}-${env:B}", b: "$${env:A}" } } }';
    const loaded = await load(file(options), { environment: { A: 'x', B: '' } });
    assert.deepEqual(loaded.components[0]?.with, { a: 'x-', b: '${env:A}' });
    const kept = await load(file(options), { interpolate: false });
    assert.deepEqual(kept.components[0]?.with, { a: '${env:A}-${env:B}', b: '$${env:A}' });
    assert.deepEqual(await problems(file(options)), [
      'epinio.config.yaml:2:48: Environment variable "A" is not set (set it, or write the value in place of "${env:A}")',
      'epinio.config.yaml:2:48: Environment variable "B" is not set (set it, or write the value in place of "${env:B}")',
    ]);
  });
});

describe('the search for a config file', () => {
  const domain = (name: string): string => `api: epinio/v1\ndomain: ${name}.example\n`;

  it('knows each name, best first', async () => {
    const names = [
      'epinio.config.yaml',
      'epinio.config.yml',
      'epinio.config.json',
      '.epiniorc',
      'package.json',
    ];
    const text = (name: string): string => {
      const index = String(names.indexOf(name));
      if (name === 'package.json')
        return JSON.stringify({ epinio: { api: 'epinio/v1', domain: `${index}.example` } });
      return name.endsWith('.json')
        ? JSON.stringify({ api: 'epinio/v1', domain: `${index}.example` })
        : domain(index);
    };
    for (let first = 0; first < names.length; first++) {
      const loaded = await load(Object.fromEntries(names.slice(first).map((name) => [name, text(name)])));
      assert.equal(loaded.settings.domain, `${first}.example`);
    }
  });

  it('goes up to the folder with the package.json and no further', async () => {
    const cwd = folder({
      'epinio.config.yaml': domain('up'),
      'a/b/x': '',
      'project/package.json': '{}',
      'project/src/x': '',
    });
    const options = { environment: {}, profiles, defaultProfile: 'small' };
    assert.equal((await loadConfig({ ...options, cwd: join(cwd, 'a/b') })).settings.domain, 'up.example');
    assert.equal(
      (await loadConfig({ ...options, cwd: join(cwd, 'project/src') })).settings.domain,
      'localhost',
    );
  });

  it('runs no code, neither ours nor that of the library, and follows no imports', async () => {
    const marker = join(root, 'code-ran');
    const code = `require('fs').writeFileSync(${JSON.stringify(marker)}, ''); module.exports = {};`;
    const cwd = folder({
      '.config/config.js': code,
      '.config/config.cjs': code,
      'epinio.config.js': code,
      'epinio.config.mjs': code,
      '.epiniorc.js': code,
      'evil.js': code,
      'epinio.config.yaml': `$import: ./evil.js\n${domain('a')}`,
    });
    const before = process.cwd();
    process.chdir(cwd);
    try {
      await assert.rejects(loadConfig({ cwd, environment: {}, profiles }), /Unknown key "\$import"/);
      await assert.rejects(async () => readFileOf(marker), { code: 'ENOENT' });
    } finally {
      process.chdir(before);
    }
  });

  it('runs a file that is code when it is named', async () => {
    const files = {
      'my.config.mjs': 'export default { api: "epinio/v1", domain: ["a", "example"].join(".") };',
    };
    const loaded = await load(files, { file: 'my.config.mjs' });
    assert.equal(loaded.settings.domain, 'a.example');
    assert.equal(loaded.locate(['domain']), 'my.config.mjs');
    assert.equal(loaded.named, true);
  });

  it('looks for none when told so', async () => {
    assert.equal((await load(file('domain: a.example'), { search: false })).settings.domain, 'localhost');
  });
});

describe('bad configuration', () => {
  it('names unknown keys with their place and the nearest known one', async () => {
    assert.deepEqual(
      await problems(
        file(
          'domian: a.example',
          'components:',
          '  ingres: door',
          '  secret-sync: x',
          '  storage: { use: shelf, whit: {} }',
        ),
      ),
      [
        'epinio.config.yaml:2:1: Unknown key "domian" in the configuration (did you mean "domain"?)',
        'epinio.config.yaml:4:3: Unknown key "ingres" in "components" (did you mean "ingress"?)',
        'epinio.config.yaml:5:3: Unknown key "secret-sync" in "components" (did you mean "secretSync"?)',
        'epinio.config.yaml:6:26: Unknown key "whit" in "components.storage" (did you mean "with"?)',
      ],
    );
  });

  it('names wrong types with their place', async () => {
    assert.deepEqual(
      await problems(
        file('domain: 5', 'namespace: [a]', 'components:', '  mesh: true', '  brokers: one', '  ingress:'),
      ),
      [
        'epinio.config.yaml:2:9: "domain" must be a string, but is a number',
        'epinio.config.yaml:3:1: "namespace" must be a string, but is a list',
        'epinio.config.yaml:5:9: "components.mesh" must be false or a string or an object, but is a boolean',
        'epinio.config.yaml:6:12: "components.brokers" must be a list, but is a string',
        'epinio.config.yaml:7:11: "components.ingress" must be false or a string or an object, but is empty',
      ],
    );
  });

  it('names names that Kubernetes and DNS refuse', async () => {
    const told = await problems(file('domain: "*.Example"', 'namespace: Epinio', 'tlsIssuer: -a'));
    assert.equal(told.length, 3);
    assert.match(told[0] ?? '', /^epinio.config.yaml:2:9: "domain" is not valid: it must be a DNS name/);
  });

  it('tells every syntax error with its place, and what is wrong beside it', async () => {
    const told = await problems(
      file('domian: x', 'domian: y', 'components: { mesh: [ }', 'profile: *nowhere'),
    );
    assert.ok(
      told.some((line) =>
        line.startsWith('epinio.config.yaml:3:1: YAML is not well-formed: Map keys must be unique'),
      ),
      told.join('\n'),
    );
    assert.ok(
      told.some((line) => /^epinio.config.yaml:4:2\d: YAML is not well-formed/.test(line)),
      told.join('\n'),
    );
    assert.ok(
      told.some((line) => line.includes('Unknown key "domian"')),
      told.join('\n'),
    );
    assert.ok(
      told.some((line) => line.startsWith('epinio.config.yaml:5:10: Anchor "nowhere" is not defined')),
      told.join('\n'),
    );
  });

  it('tells places in JSON too, and in the part of a package.json', async () => {
    assert.deepEqual(await problems({ 'epinio.config.json': '{\n\t"api": "epinio/v1",\n\t"domain": 5\n}' }), [
      'epinio.config.json:3:12: "domain" must be a string, but is a number',
    ]);
    assert.deepEqual(
      await problems({
        'package.json': '{\n  "name": "x",\n  "epinio": { "api": "epinio/v1", "domain": 5 }\n}',
      }),
      ['package.json:3:45: "domain" must be a string, but is a number'],
    );
  });

  it('refuses an empty file, a file without version and one of another version', async () => {
    assert.deepEqual(await problems({ 'epinio.config.yaml': '# nothing\n' }), [
      'Config file "epinio.config.yaml" is empty (write at least: api: epinio/v1)',
    ]);
    assert.deepEqual(await problems({ 'epinio.config.yaml': 'domain: a.example\n' }), [
      'epinio.config.yaml:1:1: "api" is missing (it must be "epinio/v1")',
    ]);
    assert.deepEqual(await problems({ 'epinio.config.yaml': 'api: epinio/v2\n' }), [
      'epinio.config.yaml:1:6: "api" must be "epinio/v1"',
    ]);
    assert.deepEqual(await problems({ 'epinio.config.yaml': '- a\n' }), [
      'epinio.config.yaml:1:1: The configuration must be an object, but is a list',
    ]);
  });

  it('survives a file that aliases make huge', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) =>
        `  l${n}: &l${n} [${n === 0 ? 'x' : Array.from({ length: 9 }, () => `*l${n - 1}`).join(', ')}]`,
    );
    const told = await problems(file('components:', ...levels));
    assert.ok(told.some((line) => line.includes('More than 20000 values')));
  });

  it('names a profile that does not exist, and where it was asked for', async () => {
    assert.deepEqual(await problems(file('profile: smal', 'domain: a.example')), [
      'epinio.config.yaml:2:10: Profile "smal" does not exist (known are "small", "big")',
    ]);
    assert.deepEqual(
      await problems(
        {},
        {
          flags: [
            { flag: '--profile', key: 'profile', value: 'huge' },
            { flag: '--domain', key: 'domain', value: 'a.example' },
          ],
        },
      ),
      ['--profile: Profile "huge" does not exist (known are "small", "big")'],
    );
  });

  it('names what nobody said and nothing can do without', async () => {
    const told = await problems(file('profile: big', 'components: { storage: { with: {} } }'), {
      required: ['ingress', 'registry'],
    });
    assert.deepEqual(told, [
      '"domain" is missing, and profile "big" gives none (set it in the config file, with --domain, or in EPINIO_DOMAIN)',
      'epinio.config.yaml:3:15: "components.storage" has options, but no "use", and profile "big" gives none (add "use" to "components.storage")',
      '"components.registry" names no component, and profile "big" gives none, and the platform cannot do without (set "components.registry")',
    ]);
  });

  it('names variables that mean nothing, and values that are no YAML', async () => {
    assert.deepEqual(
      await problems(
        {},
        { environment: { EPINIO_COMPONENTS_INGRES_USE: 'x', EPINIO_COMPONENTS_MESH_WITH: '{' } },
      ),
      [
        'Environment variable "EPINIO_COMPONENTS_INGRES_USE" means nothing to the platform (did you mean "EPINIO_COMPONENTS_INGRESS_USE"?)',
        ...(await problems({}, { environment: { EPINIO_COMPONENTS_MESH_WITH: '{' } })),
      ],
    );
    assert.deepEqual(await problems({}, { environment: { EPINIO_DOMAIN: '-' } }), [
      'EPINIO_DOMAIN: "domain" is not valid: it must be a DNS name: lower-case letters, digits, dashes and dots',
    ]);
  });

  it('names a file that is not there, of no known kind, or that is code and fails', async () => {
    assert.match(
      (await problems({}, { file: 'nowhere.yaml' }))[0] ?? '',
      /^Config file "nowhere.yaml" cannot be read: ENOENT/,
    );
    assert.deepEqual(await problems({ 'a.toml': '' }, { file: 'a.toml' }), [
      'Config file "a.toml" is of no known kind (use .yaml, .yml, .json, .js or .mjs)',
    ]);
    assert.deepEqual(await problems({ 'a.mjs': 'throw new Error("no network")' }, { file: 'a.mjs' }), [
      'Config file "a.mjs" failed: no network',
    ]);
    assert.match(
      (await problems({ 'b.mjs': 'export const a = 1' }, { file: 'b.mjs' }))[0] ?? '',
      /has no object as its default export/,
    );
  });

  it('never makes a prototype of a key', async () => {
    await problems(file('__proto__: { polluted: true }'));
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});

async function readFileOf(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path, 'utf8');
}
