import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settingProblems } from './chart-settings.ts';
import { checkAppName, checkNamespaceName, isDns1123Subdomain } from './name-rules.ts';
import { shownOrigin, storedOrigin } from './origin.ts';
import { withoutPassword } from './without-password.ts';

describe('names', () => {
  it('are what Kubernetes accepts', () => {
    for (const name of ['a', '123-abc', 'my-name', 'a.b']) assert.ok(isDns1123Subdomain(name), name);
    for (const name of ['', '-a', 'a-', 'A', 'a_b', 'a..b', 'x'.repeat(254)])
      assert.ok(!isDns1123Subdomain(name), name);
    assert.throws(() => checkAppName('x'.repeat(64)), /no more than 63 characters/);
    assert.throws(() => checkNamespaceName('a.b'), /^EpinioError: Namespace's name must consist/);
  });
});

describe('origins', () => {
  it('are stored without what clients add, and shown with their kind', () => {
    assert.deepEqual(storedOrigin({ Kind: 1, path: '/x', archive: true }), { path: '/x', archive: true });
    assert.deepEqual(storedOrigin({ Kind: 0, git: null }), {});
    const git = storedOrigin({
      Kind: 2,
      git: { repository: 'https://me:pw@h/x', revision: '', branch: 'main' },
    });
    assert.deepEqual(git, { git: { repository: 'https://h/x', branch: 'main' } });
    assert.deepEqual(shownOrigin(git), { Kind: 2, git: { repository: 'https://h/x', branch: 'main' } });
    assert.deepEqual(shownOrigin({ container: 'nginx' }), { Kind: 3, container: 'nginx' });
    assert.deepEqual(shownOrigin({}), { Kind: 0 });
  });

  it('hold no passwords', () => {
    assert.equal(withoutPassword('https://token@h/x'), 'https://h/x');
    assert.equal(withoutPassword('ssh://git@h/x'), 'ssh://git@h/x');
    assert.equal(withoutPassword('ssh://git:pw@h/x'), 'ssh://git@h/x');
    assert.equal(withoutPassword('https://me:p@ss@h/x@y'), 'https://h/x@y');
    assert.equal(withoutPassword('https://me:p/ss@h/x'), 'https://h/x');
    assert.equal(withoutPassword('https://h/x@y'), 'https://h/x@y');
  });
});

describe('chart settings', () => {
  const declared = {
    word: { type: 'string', enum: ['a', 'b'] },
    flag: { type: 'bool' },
    count: { type: 'integer', minimum: '1', maximum: '5' },
    share: { type: 'number' },
    tree: { type: 'map' },
  } as const;
  const problem = (key: string, value: string): string | undefined =>
    settingProblems({ [key]: value }, declared)[0]?.message;

  it('are checked with the published texts', () => {
    const cases: readonly (readonly [string, string, string | undefined])[] = [
      ['word', 'a', undefined],
      ['word', 'c', 'setting "word": illegal string "c"'],
      ['flag', 'true', undefined],
      ['flag', 'yes', 'setting "flag": expected boolean, got "yes"'],
      ['count', '5', undefined],
      ['count', '1.5', 'setting "count": expected integer, got "1.5"'],
      ['count', '0', 'setting "count": out of bounds, "0" too small'],
      ['count', '6', 'setting "count": out of bounds, "6" too large'],
      ['share', '-1.5e3', undefined],
      ['share', 'x', 'setting "share": expected number, got "x"'],
      ['tree.a.b', 'anything', undefined],
      ['tree[0].a', 'anything', undefined],
      ['other', 'x', 'setting "other": not known'],
    ];
    for (const [key, value, expected] of cases)
      assert.equal(problem(key, value), expected, `${key}=${value}`);
  });
});
