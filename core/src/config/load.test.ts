import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from './load.ts';
import { folder, profiles, load, problems, file, root } from './sample-config.ts';

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

async function readFileOf(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path, 'utf8');
}
