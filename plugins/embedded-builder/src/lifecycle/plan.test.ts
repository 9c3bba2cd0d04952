import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Buildpack } from './buildpack.ts';
import { entriesFor, planAfter, resolvePlan } from './plan.ts';
import type { Candidate, PlanOption } from './plan.ts';

type Option = readonly [provides: string, requires: string];

/** "a b" is two names. Several options are alternatives in order of preference. */
function candidate(id: string, optional: boolean, ...options: readonly [Option, ...Option[]]): Candidate {
  const names = (text: string): readonly string[] => text.split(' ').filter((name) => name !== '');
  const read = ([provides, requires]: Option): PlanOption => ({
    provides: names(provides),
    requires: names(requires).map((name) => ({ name, metadata: { by: id } })),
  });
  const [first, ...rest] = options;
  return { buildpack: { id } as Buildpack, optional, options: [read(first), ...rest.map(read)] };
}

const required = (id: string, ...options: readonly [Option, ...Option[]]): Candidate =>
  candidate(id, false, ...options);
const optional = (id: string, ...options: readonly [Option, ...Option[]]): Candidate =>
  candidate(id, true, ...options);

const cases: readonly (readonly [name: string, candidates: readonly Candidate[], expected: string])[] = [
  ['nothing asked, nothing offered', [required('a', ['', '']), required('b', ['', ''])], 'a b'],
  [
    'a later one requires what an earlier one provides',
    [required('node', ['node', '']), required('npm', ['', 'node'])],
    'node npm',
  ],
  ['one provides for itself', [required('a', ['x', 'x'])], 'a'],
  [
    'the provider comes too late',
    [required('npm', ['', 'node']), required('node', ['node', ''])],
    '! "npm" requires "node", which nothing before it provides',
  ],
  [
    'nobody requires what is provided',
    [required('a', ['x', ''])],
    '! "a" provides "x", which nothing requires',
  ],
  ['an optional one without takers is left out', [optional('a', ['x', '']), required('b', ['', ''])], 'b'],
  ['an optional one without provider is left out', [required('b', ['', '']), optional('a', ['', 'x'])], 'b'],
  [
    'leaving one out takes another with it',
    [optional('a', ['x', 'nowhere']), optional('b', ['', 'x']), required('c', ['', ''])],
    'c',
  ],
  [
    'leaving one out can leave a required one alone',
    [optional('a', ['x', 'nowhere']), required('b', ['', 'x'])],
    '! "b" requires "x", which nothing before it provides',
  ],
  ['the second alternative is taken when the first fails', [required('a', ['x', ''], ['', ''])], 'a'],
  [
    'the first alternative is preferred',
    [optional('server', ['s', ''], ['s', 's']), required('app', ['', ''])],
    'app',
  ],
  [
    'alternatives of several are combined',
    [required('a', ['x', ''], ['y', '']), required('b', ['', 'z'], ['', 'y'])],
    'a b',
  ],
  ['all left out', [optional('a', ['x', ''])], '! no buildpack is left'],
];

describe('the build plan', () => {
  for (const [name, candidates, expected] of cases) {
    it(name, () => {
      const trial = resolvePlan(candidates);
      const found =
        'resolution' in trial
          ? trial.resolution.group.map(({ buildpack }) => buildpack.id).join(' ')
          : `! ${trial.problem}`;
      assert.equal(found, expected);
    });
  }

  it('gives an entry to its first provider, and to the next one when that leaves it unmet', () => {
    const trial = resolvePlan([
      required('first', ['x', '']),
      required('second', ['x', '']),
      required('asks', ['', 'x']),
    ]);
    assert.ok('resolution' in trial, "'resolution' in trial");
    const { plan } = trial.resolution;
    assert.deepEqual(plan, [
      { name: 'x', providers: ['first', 'second'], requires: [{ name: 'x', metadata: { by: 'asks' } }] },
    ]);
    assert.deepEqual(entriesFor(plan, 'first'), [{ name: 'x', metadata: { by: 'asks' } }]);
    assert.deepEqual(entriesFor(planAfter(plan, 'first', []), 'second'), []);
    assert.deepEqual(entriesFor(planAfter(plan, 'first', ['x']), 'second'), [
      { name: 'x', metadata: { by: 'asks' } },
    ]);
  });
});
