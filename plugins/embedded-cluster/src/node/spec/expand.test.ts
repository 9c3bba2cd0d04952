import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandVariables } from './expand.ts';

const variables = new Map([
  ['A', '1'],
  ['B', '$(A)'],
]);

for (const [text, expected] of [
  ['$(A)', '1'],
  ['x$(A)y$(A)', 'x1y1'],
  ['$(B)', '$(A)'],
  ['$(MISSING)', '$(MISSING)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$A', '$A'],
] as const) {
  test(`"${text}" is "${expected}"`, () => assert.equal(expandVariables(text, variables), expected));
}
