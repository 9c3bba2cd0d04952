import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode } from '../kernel/errors.ts';
import { parseChallenges } from './challenge.ts';
import { formatReference, parseReference } from './reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('image references', () => {
  it('are completed as Docker does', () => {
    const cases = {
      nginx: 'docker.io/library/nginx:latest',
      'nginx:1.27': 'docker.io/library/nginx:1.27',
      'team/app': 'docker.io/team/app:latest',
      'docker.io/nginx': 'docker.io/library/nginx:latest',
      'index.docker.io/nginx': 'docker.io/library/nginx:latest',
      'localhost/app': 'localhost/app:latest',
      'localhost:5000/app': 'localhost:5000/app:latest',
      '127.0.0.1:5000/apps/a-b__c.d:v1': '127.0.0.1:5000/apps/a-b__c.d:v1',
      '[::1]:5000/app': '[::1]:5000/app:latest',
      'ghcr.io/org/app:v1': 'ghcr.io/org/app:v1',
      [`ghcr.io/org/app@${DIGEST}`]: `ghcr.io/org/app@${DIGEST}`,
      [`ghcr.io/org/app:v1@${DIGEST}`]: `ghcr.io/org/app:v1@${DIGEST}`,
    };
    for (const [text, full] of Object.entries(cases)) {
      assert.equal(formatReference(parseReference(text)), full);
      assert.deepEqual(parseReference(full), parseReference(text));
    }
  });

  it('are refused when they are none, with the part that is wrong', () => {
    const cases = {
      '': /"library\/" is no repository/,
      'ghcr.io/Org/app': /"Org\/app" is no repository/,
      'ghcr.io/a//b': /"a\/\/b" is no repository/,
      'ghcr.io/../b': /no repository/,
      'app:': /"" is no tag/,
      'app:-x': /"-x" is no tag/,
      'app@sha256:abc': /"sha256:abc" is no digest/,
      'a b': /no repository/,
      'https://ghcr.io/app': /no/,
      'ghcr.io:port/app': /no registry host/,
      [`ghcr.io/${'a'.repeat(256)}`]: /no repository/,
    };
    for (const [text, message] of Object.entries(cases)) {
      assert.throws(
        () => parseReference(text),
        (error) => hasCode(error, 'REFERENCE_INVALID') && message.test(String(error)),
        text,
      );
    }
  });
});

describe('authentication challenges', () => {
  it('are read with all their quoting', () => {
    assert.deepEqual(
      parseChallenges(
        'Basic realm="a \\"b\\", c", Bearer realm="https://t/",service=x, scope="r:a:pull,push"',
      ),
      [
        { scheme: 'basic', parameters: { realm: 'a "b", c' } },
        { scheme: 'bearer', parameters: { realm: 'https://t/', service: 'x', scope: 'r:a:pull,push' } },
      ],
    );
    assert.deepEqual(parseChallenges('Negotiate'), [{ scheme: 'negotiate', parameters: {} }]);
    assert.deepEqual(parseChallenges(''), []);
  });
});
