import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../status.ts';
import { applyJsonPatch } from './json-patch.ts';

type Example = readonly [what: string, document: unknown, patch: readonly object[], result: unknown];

/** What the examples in the appendix of RFC 6902 show. */
const PUBLISHED: readonly Example[] = [
  ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['adds before an item', { l: [1, 3] }, [{ op: 'add', path: '/l/1', value: 2 }], { l: [1, 2, 3] }],
  ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/b' }], { a: 1 }],
  ['removes an item', { l: [1, 2, 3] }, [{ op: 'remove', path: '/l/1' }], { l: [1, 3] }],
  ['replaces a value', { a: 1, b: 2 }, [{ op: 'replace', path: '/a', value: 3 }], { a: 3, b: 2 }],
  [
    'moves a value',
    { a: { x: 1, y: 2 }, b: { z: 3 } },
    [{ op: 'move', from: '/a/y', path: '/b/y' }],
    { a: { x: 1 }, b: { z: 3, y: 2 } },
  ],
  ['moves an item', { l: [1, 2, 3, 4] }, [{ op: 'move', from: '/l/1', path: '/l/3' }], { l: [1, 3, 4, 2] }],
  [
    'goes on after a test that holds',
    { a: 'x', l: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/a', value: 'x' },
      { op: 'test', path: '/l/1', value: 2 },
    ],
    { a: 'x', l: ['a', 2, 'c'] },
  ],
  ['adds an object', { a: 1 }, [{ op: 'add', path: '/b', value: { c: {} } }], { a: 1, b: { c: {} } }],
  ['ignores what it does not know', { a: 1 }, [{ op: 'add', path: '/b', value: 2, xyz: 3 }], { a: 1, b: 2 }],
  [
    'unescapes ~01 once',
    { '/': 9, '~1': 10 },
    [{ op: 'test', path: '/~01', value: 10 }],
    { '/': 9, '~1': 10 },
  ],
  ['adds a list to a list', { l: [1] }, [{ op: 'add', path: '/l/-', value: [2, 3] }], { l: [1, [2, 3]] }],
  [
    'copies a value',
    { a: { b: [1] } },
    [{ op: 'copy', from: '/a', path: '/c' }],
    { a: { b: [1] }, c: { b: [1] } },
  ],
  ['adds null', {}, [{ op: 'add', path: '/a', value: null }], { a: null }],
  ['replaces what is there by adding it again', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
  ['escapes / as ~1', { 'a/b': 1 }, [{ op: 'replace', path: '/a~1b', value: 2 }], { 'a/b': 2 }],
  [
    'knows names that every object has',
    {},
    [{ op: 'add', path: '/constructor', value: 1 }],
    { constructor: 1 },
  ],
];

/** Each cannot be done; the document stays what it was. */
const REFUSED: readonly (readonly [what: string, document: unknown, operation: object])[] = [
  ['a test that fails', { a: 1 }, { op: 'test', path: '/a', value: 2 }],
  ['a string is no number', { '/': 9, '~1': 10 }, { op: 'test', path: '/~01', value: '10' }],
  ['no parent to add to', { a: 1 }, { op: 'add', path: '/b/c', value: 1 }],
  ['an index after the end', { l: [1] }, { op: 'add', path: '/l/2', value: 1 }],
  ['an index that is none', { l: [1] }, { op: 'remove', path: '/l/x' }],
  ['nothing to remove', { a: 1 }, { op: 'remove', path: '/b' }],
  ['nothing to move', { a: 1 }, { op: 'move', from: '/b', path: '/c' }],
  ['nothing to copy', { a: 1 }, { op: 'copy', from: '/b', path: '/c' }],
  ['an inherited name', { a: 1 }, { op: 'copy', from: '/constructor', path: '/c' }],
  ['the prototype', { a: 1 }, { op: 'add', path: '/__proto__/polluted', value: 1 }],
  ['a path without its slash', { a: 1 }, { op: 'add', path: 'b', value: 1 }],
  ['no such operation', { a: 1 }, { op: 'spam', path: '/a' }],
];

function refuses(document: unknown, patch: unknown, code: number): void {
  const before = structuredClone(document);
  assert.throws(
    () => applyJsonPatch(document, patch),
    (error) => error instanceof StatusError && error.code === code,
  );
  assert.deepEqual(document, before);
}

describe('a JSON patch', () => {
  for (const [what, document, patch, result] of PUBLISHED)
    it(what, () => {
      const before = structuredClone(document);
      assert.deepEqual(applyJsonPatch(document, patch), result);
      assert.deepEqual(document, before, 'the document is left as it was');
    });

  for (const [what, document, operation] of REFUSED)
    it(`refuses: ${what}`, () => refuses(document, [operation], 422));

  it('is all or nothing', () =>
    refuses(
      { a: 1 },
      [
        { op: 'replace', path: '/a', value: 2 },
        { op: 'test', path: '/a', value: 1 },
      ],
      422,
    ));

  it('refuses what is no patch', () => {
    for (const patch of [{}, 'x', [1], [{ op: 1 }], [{ op: 'add', path: {} }]]) refuses({}, patch, 400);
    refuses({}, Array(10_001).fill({ op: 'test', path: '', value: {} }), 413);
  });

  it('refuses to copy without bound, and to nest without bound', () => {
    const list = { op: 'add', path: '/x', value: ['x'.repeat(1000)] };
    refuses({}, [list, ...Array<object>(40).fill({ op: 'copy', from: '/x', path: '/x/-' })], 422);
    const wrap = { op: 'copy', from: '/x', path: '/x/0' };
    refuses({}, [{ op: 'add', path: '/x', value: [[]] }, ...Array<object>(1100).fill(wrap)], 422);
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    const inner = { op: 'add', path: `/x${'/0'.repeat(900)}`, value: nested(900) };
    refuses({}, [{ op: 'add', path: '/x', value: nested(901) }, inner], 422);
  });
});
