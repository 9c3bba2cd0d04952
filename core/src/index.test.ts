import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { build } from 'esbuild';

/** What may be loaded with the first import of core; everything heavier comes when it is used. */
const LIGHT = new Set(['fastest-levenshtein']);

describe('the entry of core', () => {
  it('loads no heavy library, since each command and each plugin imports it', async () => {
    const { metafile } = await build({
      entryPoints: [join(import.meta.dirname, 'index.ts')],
      outdir: '/out',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      metafile: true,
      write: false,
    });
    const names = Object.keys(metafile.outputs);
    const waiting = names.filter((name) => name.endsWith('/index.js'));
    assert.equal(waiting.length, 1);
    const loaded = new Set<string>();
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      for (const { path, kind, external } of metafile.outputs[name]?.imports ?? []) {
        if (kind !== 'import-statement' || loaded.has(path)) continue;
        loaded.add(path);
        if (external !== true) waiting.push(path);
      }
    }
    const packages = [...loaded].filter((path) => !names.includes(path) && !path.startsWith('node:'));
    assert.deepEqual(
      packages.filter((name) => !LIGHT.has(name)),
      [],
    );
  });
});
