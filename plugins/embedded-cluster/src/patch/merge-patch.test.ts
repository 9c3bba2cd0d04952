import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergePatch } from './merge-patch.ts';

/** Document, patch and result: the table in the appendix of RFC 7396. */
const PUBLISHED = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
] as const;

describe('a merge patch', () => {
  for (const [document, patch, result] of PUBLISHED)
    it(`${patch} makes ${result} of ${document}`, () => {
      const before: unknown = JSON.parse(document);
      assert.deepEqual(mergePatch(before, JSON.parse(patch)), JSON.parse(result));
      assert.deepEqual(before, JSON.parse(document), 'the document is left as it was');
    });

  it('takes names that every object has for names like any other', () => {
    const patch: unknown = JSON.parse('{"constructor":{"a":1},"toString":null,"__proto__":{"polluted":1}}');
    const result = mergePatch({ toString: 'x' }, patch);
    assert.deepEqual(result, { constructor: { a: 1 } });
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
  });
});
