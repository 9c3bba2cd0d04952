// Lists the test files itself: on Node 20 the test runner finds no TypeScript, and says nothing about it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const wanted = process.argv.slice(2);
const files = ['core', 'plugins', 'cli', 'examples/plugins', 'test']
  .flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  .filter((file) => !/node_modules|\bdist\b/.test(file))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));

if (files.length === 0) throw new Error(`no test file matches ${wanted.join(', ') || '*.test.ts'}`);

const events = run({ files, concurrency: 2, timeout: 15 * 60_000 });
events.on('test:fail', () => {
  process.exitCode = 1;
});
events.pipe(new spec()).pipe(process.stdout);
