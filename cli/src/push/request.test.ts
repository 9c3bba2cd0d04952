import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readPushRequest } from './request.ts';

describe('push request', () => {
  let cwd = '';
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'epinio-push-'));
  });
  afterEach(() => {
    rmSync(cwd, { recursive: true });
  });
  const manifest = (text: string, name = 'epinio.yml'): void => {
    writeFileSync(join(cwd, name), text);
  };

  it('takes the manifest of the current folder', async () => {
    manifest('name: sample\nconfiguration:\n  instances: 2\n  environment: { PORTS: 8080, DEBUG: true }\n');
    const request = await readPushRequest(undefined, {}, cwd);
    assert.equal(request.name, 'sample');
    assert.deepEqual(request.origin, { kind: 'path', path: cwd });
    assert.deepEqual(request.configuration, { instances: 2, environment: { PORTS: '8080', DEBUG: 'true' } });
  });

  it('takes a path in the manifest from the manifest, and --path from the working directory', async () => {
    manifest('name: sample\norigin: { path: src }\n');
    assert.deepEqual((await readPushRequest(undefined, {}, cwd)).origin, {
      kind: 'path',
      path: join(cwd, 'src'),
    });
    const flag = await readPushRequest(undefined, { path: 'other' }, cwd);
    assert.deepEqual(flag.origin, { kind: 'path', path: join(cwd, 'other') });
  });

  it('replaces whole values of the manifest by flags', async () => {
    manifest('name: sample\nconfiguration: { environment: { A: a, B: b }, routes: [x.example.org] }\n');
    const { configuration, name } = await readPushRequest(
      undefined,
      { name: 'other', env: ['C=1=2'], clearRoutes: true },
      cwd,
    );
    assert.equal(name, 'other');
    assert.deepEqual(configuration, { environment: { C: '1=2' }, routes: [] });
  });

  it('splits a git reference', async () => {
    const { origin } = await readPushRequest(
      undefined,
      { name: 'a', git: 'https://example.org/a.git,main' },
      cwd,
    );
    assert.deepEqual(origin, { kind: 'git', git: { url: 'https://example.org/a.git', revision: 'main' } });
  });

  const refused: readonly [string, string, Record<string, unknown>, RegExp][] = [
    ['no name', '', {}, /^Name required, not found in manifest nor options$/],
    ['a name Kubernetes refuses', '', { name: 'My_App' }, /app name incorrect: "My_App"/],
    ['two origins', '', { name: 'a', path: '.', git: 'u' }, /Cannot use `--path`, `--git`/],
    [
      'two origins in the manifest',
      'name: a\norigin: { path: ., container: x }',
      {},
      /Cannot use `path`, `git`/,
    ],
    ['a git reference with two commas', '', { name: 'a', git: 'u,r,x' }, /Bad --git reference git `u,r,x`/],
    [
      'an assignment without a value',
      '',
      { name: 'a', env: ['X'] },
      /Bad --env assignment `X`, expected `name=value`/,
    ],
    ['a fraction of an instance', '', { name: 'a', instances: '1.5' }, /Bad --instances "1.5"/],
    [
      'routes and no routes',
      '',
      { name: 'a', route: ['x'], clearRoutes: true },
      /--route and --clear-routes together/,
    ],
    ['bad YAML', 'name: [', {}, /bad yaml in the manifest/],
    ['a wrong type', 'name: a\nconfiguration: { instances: many }', {}, /is not valid/],
  ];
  for (const [what, text, options, message] of refused) {
    it(`refuses ${what}`, async () => {
      if (text !== '') manifest(text);
      await assert.rejects(readPushRequest(undefined, options, cwd), { message });
    });
  }

  it('refuses a named manifest that is not there', async () => {
    await assert.rejects(readPushRequest('missing.yml', {}, cwd), /missing.yml" cannot be read/);
  });
});
