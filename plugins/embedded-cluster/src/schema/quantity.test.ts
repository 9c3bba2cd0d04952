import assert from 'node:assert/strict';
import { it } from 'node:test';
import { canonicalQuantity, parseQuantity } from './quantity.ts';

it('writes quantities in their canonical form', () => {
  const forms: readonly (readonly [string | number, string])[] = [
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5', '1500m'],
    ['100m', '100m'],
    ['1024Mi', '1Gi'],
    ['1536Mi', '1536Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['512', '512'],
    ['1000000', '1M'],
    ['1000k', '1M'],
    ['1e3', '1e3'],
    ['0', '0'],
    ['0Mi', '0'],
    [2, '2'],
    [0.25, '250m'],
    ['-5m', '-5m'],
    ['0.1n', '1n'],
    ['123456789Ki', '123456789Ki'],
  ];
  for (const [given, expected] of forms) assert.equal(canonicalQuantity(given), expected, String(given));
});

it('takes nothing else for a quantity', () => {
  for (const wrong of ['', 'x', '1x', '1 Gi', '.', '1.2.3', '--1', '1KI', null, true, {}]) {
    assert.equal(canonicalQuantity(wrong), undefined, JSON.stringify(wrong));
  }
});

it('compares across suffixes', () => {
  assert.ok(
    (parseQuantity('1Gi')?.nano ?? 0n) > (parseQuantity('1G')?.nano ?? 0n),
    "(parseQuantity('1Gi')?.nano ?? 0n) > (parseQuantity('1G')?.nano ?? 0n)",
  );
  assert.equal(parseQuantity('1')?.nano, parseQuantity('1000m')?.nano);
});
