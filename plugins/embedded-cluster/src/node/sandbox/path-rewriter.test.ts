import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPathRewriter } from './path-rewriter.ts';

const rewriter = createPathRewriter([
  { path: '/workspace', real: '/data/img/workspace' },
  { path: '/workspace/uploads', real: '/data/vol/u' },
  { path: '/layers', real: '/data/img/layers' },
]);

const VALUES: readonly [string, string][] = [
  ['/workspace', '/data/img/workspace'],
  ['/workspace/server.js', '/data/img/workspace/server.js'],
  ['/workspace/uploads/a', '/data/vol/u/a'],
  ['/workspaces/x', '/workspaces/x'],
  ['/usr/bin:/layers/node/bin:/bin', '/usr/bin:/data/img/layers/node/bin:/bin'],
  ['--dir=/workspace', '--dir=/data/img/workspace'],
  ['see /workspace', 'see /workspace'],
  ['https://example.com/workspace', 'https://example.com/workspace'],
  ['x/workspace', 'x/workspace'],
];
for (const [from, to] of VALUES)
  test(`value "${from}" becomes "${to}"`, () => assert.equal(rewriter.value(from), to));

test('words of a command are replaced inside of a script', () => {
  assert.equal(
    rewriter.word(
      `cd /workspace && exec node "/workspace/a.js" --in '/layers/x' >/workspace/log 2>/dev/null`,
    ),
    `cd /data/img/workspace && exec node "/data/img/workspace/a.js" --in '/data/img/layers/x' >/data/img/workspace/log 2>/dev/null`,
  );
});
