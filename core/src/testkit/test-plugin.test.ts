import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';

const root = mkdtempSync(join(tmpdir(), 'epinio-manners-'));
after(() => rmSync(root, { recursive: true }));
const require = createRequire(import.meta.url);

/** A package of a third party, outside this workspace; the names of its tests with their results. */
function manners(
  name: string,
  files: Readonly<Record<string, string>>,
  test = 'plugin.test.mjs',
): Readonly<Record<string, boolean>> {
  const folder = join(root, name);
  mkdirSync(join(folder, 'node_modules', '@epinio'), { recursive: true });
  symlinkSync(join(import.meta.dirname, '..', '..'), join(folder, 'node_modules', '@epinio', 'core'), 'dir');
  for (const library of ['zod', 'tsx']) {
    symlinkSync(
      dirname(require.resolve(`${library}/package.json`)),
      join(folder, 'node_modules', library),
      'dir',
    );
  }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const flags = ['--import', 'tsx', '--conditions=epinio-src', '--test', '--test-reporter=tap', test];
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => key !== 'NODE_TEST_CONTEXT'));
  const { stdout } = spawnSync(process.execPath, flags, {
    cwd: folder,
    encoding: 'utf8',
    env,
    timeout: 60_000,
  });
  const results = [...stdout.matchAll(/^ {4}(not ok|ok) \d+ - (.*)$/gm)];
  return Object.fromEntries(
    results.map(([, result, test]): [string, boolean] => [test ?? '', result === 'ok']),
  );
}

const good = {
  'package.json': JSON.stringify({
    name: '@acme/epinio-plugin-tidy',
    type: 'module',
    keywords: ['epinio-plugin'],
    exports: './index.js',
    peerDependencies: { '@epinio/core': '*' },
  }),
  'README.md': '| option | |\n| `replicas` | how many |\n| `label` | what it is called |\n',
  'index.js': `
    import { definePlugin, mesh } from '@epinio/core';
    import { z } from 'zod';
    const config = z.strictObject({
      replicas: z.int().min(1).default(1).describe('How many'),
      label: z.string().optional().describe('What it is called'),
    });
    export default definePlugin({
      id: 'tidy', provides: mesh, contractVersion: 1, needs: {}, config,
      parts: ({ replicas }) => [{ kind: 'manifest', object: {
        apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'tidy', namespace: 'tidy' }, spec: { replicas },
      } }],
      probes: () => [{ kind: 'rollout', what: 'tidy', apiVersion: 'apps/v1', resourceKind: 'Deployment', namespace: 'tidy', name: 'tidy', timeoutSeconds: 60 }],
      create: () => ({}),
    });`,
  'plugin.test.mjs': `
    import { testPlugin } from '@epinio/core/testkit';
    import plugin from './index.js';
    testPlugin(plugin, { from: import.meta.url, valid: [{}, { replicas: 2 }], invalid: [[{ replicas: 0 }, /replicas/]] });`,
};

describe('testPlugin', () => {
  it('passes a plugin with manners, as a third party has it', () => {
    const results = manners('good', good);
    assert.ok(Object.keys(results).length >= 10, 'Object.keys(results).length >= 10');
    assert.deepEqual(
      Object.keys(results).filter((test) => results[test] !== true),
      [],
    );
  });

  it('passes the plugin that the README of core shows', () => {
    const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
    const blocks = [...readme.matchAll(/^```ts\n\/\/ (src\/\S+)\n(.*?)^```$/gms)];
    assert.equal(blocks.length, 5);
    const files = Object.fromEntries(blocks.map(([, file, text]) => [file ?? '', text ?? '']));
    const manifest = good['package.json']
      .replace('plugin-tidy', 'plugin-gauze')
      .replace('./index.js', './src/index.ts');
    const shown = { ...files, 'package.json': manifest, 'README.md': 'Option: annotation' };
    const results = manners('readme', shown, 'src/gauze.test.ts');
    assert.ok(Object.keys(results).length >= 10, 'Object.keys(results).length >= 10');
    assert.deepEqual(
      Object.keys(results).filter((name) => results[name] !== true),
      [],
    );
  });

  it('fails one without, at each of them', () => {
    const bad = {
      ...good,
      'package.json': JSON.stringify({ name: 'messy', type: 'module', exports: './index.js' }),
      'README.md': 'Nothing to see.',
      'index.js': `
        import { mesh } from '@epinio/core';
        import { z } from 'zod';
        let calls = 0;
        globalThis.messy = setInterval(() => {}, 1000).unref();
        export default {
          $$type: 'epinio/plugin', id: 'Messy_One', provides: mesh, contractVersion: 1, needs: {},
          config: z.object({ replicas: z.int().default(1) }),
          parts: () => [{ kind: 'manifest', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n' + ++calls } } }],
          probes: () => [{ kind: 'exists', what: '', apiVersion: 'v1', resourceKind: 'Pod', name: 'a', timeoutSeconds: 0 }],
          create: () => ({}),
        };`,
    };
    const results = manners('bad', {
      ...bad,
      'plugin.test.mjs': good['plugin.test.mjs'].replace('{ replicas: 0 }', '{ replicas: 5 }'),
    });
    assert.deepEqual(
      Object.keys(results).filter((test) => results[test] === true),
      ['accepts its valid configs, and does not change them'],
    );
  });
});
