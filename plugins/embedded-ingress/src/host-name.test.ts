import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAuthority, wildcardOf } from './host-name.ts';

describe('parseAuthority', () => {
  it('reads names and addresses, with and without a port, in lower case', () => {
    const cases = {
      'App.Localhost': { host: 'app.localhost', port: undefined },
      'app.localhost.:8443': { host: 'app.localhost', port: 8443 },
      '127.0.0.1:80': { host: '127.0.0.1', port: 80 },
      '[::1]:8443': { host: '[::1]', port: 8443 },
      my_app: { host: 'my_app', port: undefined },
    };
    for (const [text, expected] of Object.entries(cases))
      assert.deepEqual(parseAuthority(text), expected, text);
  });

  it('refuses what is none', () => {
    for (const text of [
      '',
      'a b',
      'a/b',
      'a@b',
      'a:b',
      'a:99999',
      '.a',
      'a..b',
      'a\r\nb',
      'ä',
      'x'.repeat(300),
      'a:',
    ]) {
      assert.equal(parseAuthority(text), undefined, JSON.stringify(text));
    }
  });
});

describe('wildcardOf', () => {
  it('covers one label', () => {
    assert.equal(wildcardOf('a.b.c'), '*.b.c');
    assert.equal(wildcardOf('localhost'), undefined);
    assert.equal(wildcardOf(''), undefined);
  });
});
