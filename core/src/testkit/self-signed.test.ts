import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { it } from 'node:test';
import { selfSigned } from './self-signed.ts';

it('makes a certificate that OpenSSL reads, for its names and with its key', () => {
  const { certificate, key } = selfSigned('app.localhost', '*.example.com', '127.0.0.1');
  const parsed = new X509Certificate(certificate);
  assert.equal(parsed.checkHost('app.localhost'), 'app.localhost');
  assert.equal(parsed.checkHost('x.example.com'), '*.example.com');
  assert.equal(parsed.checkIP('127.0.0.1'), '127.0.0.1');
  assert.ok(parsed.checkPrivateKey(createPrivateKey(key)), 'parsed.checkPrivateKey(createPrivateKey(key))');
  assert.ok(parsed.verify(parsed.publicKey), 'parsed.verify(parsed.publicKey)');
  assert.ok(Date.parse(parsed.validTo) > Date.now(), 'Date.parse(parsed.validTo) > Date.now()');
});

it('ends its last line once, however long the certificate is', () => {
  for (let length = 1; length < 64; length += 1) {
    const { certificate } = selfSigned('a'.repeat(length));
    assert.doesNotMatch(certificate, /\n\n/);
    assert.doesNotThrow(() => new X509Certificate(certificate));
  }
});
