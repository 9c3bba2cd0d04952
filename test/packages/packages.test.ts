import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertContents, assertNoTraces } from './contents.ts';
import { assertExports, assertImportDoesNothing } from './exports.ts';
import { Outside } from './outside.ts';
import { compile, plugin } from './strangers-plugin.ts';
import { pushWithSharedStorage } from './third-party.ts';

describe('the packages, packed and installed elsewhere', { timeout: 10 * 60_000 }, () => {
  const outside = new Outside();
  before(() => outside.install());
  after(() => outside[Symbol.asyncDispose]());

  it('hold what they need at run time, and nothing else', async () => {
    for (const tarball of outside.tarballs) await assertContents(tarball);
  });

  it('tell nothing of the machine that they were packed on', async () => {
    for (const { name, files } of outside.tarballs)
      await assertNoTraces(await outside.packageFolder(name), files);
  });

  it('export what their package.json names, for JavaScript and for TypeScript', async () => {
    for (const { name } of outside.tarballs) await assertExports(outside, name);
  });

  it('do nothing when a plugin is only imported', async () => {
    const plugins = outside.tarballs.map(({ name }) => name).filter((name) => name.includes('plugin-'));
    assert.ok(plugins.length > 8, `only ${plugins.length} plugins are packed`);
    await assertImportDoesNothing(outside, plugins);
  });

  it("type-check a stranger's plugin", async () => {
    assert.equal(await compile(outside, plugin('string')), '');
    assert.match(await compile(outside, plugin('number')), /'string' is not assignable to .*'number'/);
  });

  it("run a push with a third party's storage, which one line of the config chooses", () =>
    pushWithSharedStorage(outside));
});
