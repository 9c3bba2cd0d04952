import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problems, file } from './sample-config.ts';

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
    assert.ok(
      told.some((line) => line.includes('More than 20000 values')),
      "told.some((line) => line.includes('More than 20000 values'))",
    );
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
