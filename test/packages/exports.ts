import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outside } from './outside.ts';

interface Exports {
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** Every entry of `exports` is found by `import` and by `require.resolve`, as plugins are looked up, and is typed. */
export async function assertExports(outside: Outside, name: string): Promise<void> {
  const folder = await outside.packageFolder(name);
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { exports = {} } = JSON.parse(text) as Exports;
  const specifiers = Object.keys(exports).map((entry) => name + entry.slice(1));
  const program = await outside.write(
    'resolve.mjs',
    `import { createRequire } from 'node:module';
     const require = createRequire(import.meta.url);
     const found = ${JSON.stringify(specifiers)}.map((specifier) => [
       specifier,
       import.meta.resolve(specifier).replace('file://', ''),
       require.resolve(specifier),
     ]);
     console.log(JSON.stringify(found));`,
  );
  for (const [specifier = '', imported = '', required] of JSON.parse(
    await outside.node(program),
  ) as string[][]) {
    assert.equal(imported, required, `"${specifier}" is one file for import and another for require`);
    assert.ok(imported.startsWith(folder), `"${specifier}" leads to "${imported}", outside of its package`);
    assert.ok(existsSync(imported), `"${specifier}" leads to "${imported}", which is not there`);
    const types = imported.replace(/\.js$/, '.d.ts');
    assert.ok(existsSync(types), `"${specifier}" has no declarations`);
  }
}

/** After the imports the process has nothing left to do, and has opened nothing. */
export async function assertImportDoesNothing(outside: Outside, names: readonly string[]): Promise<void> {
  const program = await outside.write(
    'import.mjs',
    `void [process.stdin, process.stdout, process.stderr]; // Node.js opens them when they are first looked at
     // Files that are still being closed are the module loader's.
     const open = () => process.getActiveResourcesInfo().filter((name) => !/Req/.test(name)).sort();
     const before = open();
     for (const name of ${JSON.stringify(names)}) {
       const { default: plugin } = await import(name);
       if (typeof plugin.id !== 'string') throw new Error(name + ' is no plugin');
     }
     const after = open();
     process.on('exit', () => console.log(JSON.stringify({ before, after })));`,
  );
  const { before: opened, after: left } = JSON.parse(await outside.node(program)) as Record<string, string[]>;
  assert.deepEqual(left, opened, 'importing the plugins opens something');
}
