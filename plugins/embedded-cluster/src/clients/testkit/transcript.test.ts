import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generalized, isExpected } from './expected-output.ts';
import { parseTranscript } from './transcript.ts';

const TEXT = `# Things

Prose.

\`\`\`yaml a.yaml
a: 1
\`\`\`

\`\`\`console
$ first <<EOF
> in
> EOF
out

[exit 3]
$ eventually second
\`\`\`
`;

it('reads files, commands, their outputs and exit codes', () => {
  const { title, parts } = parseTranscript('/x/things.md', TEXT);
  assert.equal(title, 'Things');
  assert.deepEqual(parts, [
    { name: 'a.yaml', content: 'a: 1\n' },
    {
      ...{ command: 'first <<EOF\nin\nEOF', expected: ['out', ''], exitCode: 3, isRepeated: false },
      ...{ place: 'things.md:10', outputLines: [12, 15] },
    },
    {
      ...{ command: 'second', expected: [], exitCode: 0, isRepeated: true },
      ...{ place: 'things.md:16', outputLines: [16, 16] },
    },
  ]);
});

it('refuses what it would not play', () => {
  assert.throws(() => parseTranscript('t.md', '```console\nout\n```'), /t\.md:2: expected a command/);
  assert.throws(() => parseTranscript('t.md', '```console\n$ a'), /t\.md:1: the fence is not closed/);
});

it('takes placeholders for what differs each time, gaps of any width, and any lines for "..."', () => {
  assert.ok(
    isExpected(['NAME   AGE', 'web-<hash>-<rand>  <age>'], '\nNAME  AGE\nweb-7f9c6d5b4-x2x4z    3m12s  \n\n'),
  );
  assert.ok(isExpected(['a', '...', 'z'], 'a\nb\nc\nz'));
  assert.ok(isExpected(['...', 'z'], 'z'));
  assert.ok(isExpected([], ''));
  assert.ok(!isExpected(['a', '...', 'z'], 'a\nz\nb'));
  assert.ok(!isExpected(['  a: 1'], '    a: 1'), 'blanks at the beginning mean something');
  assert.ok(!isExpected(['<age>'], 'soon'));
  assert.ok(!isExpected(['a'], 'a\nb'));
  assert.ok(!isExpected([], 'a'));
  assert.ok(isExpected(['<none> {"a":[1]}'], '<none> {"a":[1]}'));
});

it('generalizes what was shown so that it matches again', () => {
  const shown =
    'NAME   AGE\nweb-7f9c6d5b4-x2x4z   12s\nuid: 0b1c2d3e-0000-4000-8000-00000000000a\nresourceVersion: "7"';
  const lines = generalized(shown);
  assert.deepEqual(lines, [
    'NAME   AGE',
    'web-<hash>-<rand>   <age>',
    'uid: <uid>',
    'resourceVersion: "<n>"',
  ]);
  assert.ok(isExpected(lines, shown));
});
