import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesSelector, parseLabelSelector } from './selectors.ts';

const CASES: readonly [selector: string, labels: Readonly<Record<string, string>>, matches: boolean][] = [
  ['', {}, true],
  ['app=web', { app: 'web' }, true],
  ['app==web', { app: 'web' }, true],
  ['app=web', { app: 'api' }, false],
  ['app=web', {}, false],
  ['app!=web', {}, true],
  ['app!=web', { app: 'web' }, false],
  ['app=', { app: '' }, true],
  ['app', { app: 'x' }, true],
  ['!app', { app: 'x' }, false],
  ['!app', {}, true],
  ['app in (a, b)', { app: 'b' }, true],
  ['app in (a,b)', { app: 'c' }, false],
  ['app in (a)', {}, false],
  ['app notin (a,b)', {}, true],
  ['app notin (a,b)', { app: 'a' }, false],
  ['epinio.io/app=x, tier in (a,b),!old', { 'epinio.io/app': 'x', tier: 'a' }, true],
  ['epinio.io/app=x,tier in (a,b),!old', { 'epinio.io/app': 'x', tier: 'a', old: '' }, false],
];

for (const [selector, labels, matches] of CASES) {
  test(`"${selector}" ${matches ? 'selects' : 'leaves'} ${JSON.stringify(labels)}`, () => {
    assert.equal(parseLabelSelector(selector)(labels), matches);
  });
}

test('a selector that cannot be read names the requirement', () => {
  assert.throws(() => parseLabelSelector('app=web,tier in a'), {
    code: 'SELECTOR_INVALID',
    message: /"tier in a"/,
  });
});

test('a selector of a spec: all of labels and expressions, absent selects nothing', () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  } as const;
  assert.equal(matchesSelector(selector, { app: 'web', tier: 'b' }), true);
  assert.equal(matchesSelector(selector, { app: 'web', tier: 'b', old: '1' }), false);
  assert.equal(matchesSelector(selector, { app: 'web' }), false);
  assert.equal(matchesSelector({}, { any: 'thing' }), true);
  assert.equal(matchesSelector(undefined, { any: 'thing' }), false);
  assert.equal(
    matchesSelector({ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x'] }] }, {}),
    true,
  );
});
