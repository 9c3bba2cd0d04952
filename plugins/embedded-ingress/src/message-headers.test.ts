import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trustNetworks } from './forwarded-headers.ts';
import { headerOf, requestHeaders, responseHeaders } from './message-headers.ts';

const client = { remoteAddress: '192.0.2.7', authority: 'app.localhost:8443' };

describe('requestHeaders', () => {
  it('says who the client is, and drops what it says of itself, however it is spelled', () => {
    const claims = [
      ...['X-Forwarded-For', '6.6.6.6', 'x_forwarded_for', '6.6.6.6', 'Forwarded', 'for=6.6.6.6'],
      ...['X-Real-IP', '6.6.6.6', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Port', '1'],
    ];
    const out = requestHeaders(claims, client, false);
    assert.ok(!out.join().includes('6.6.6.6'), "!out.join().includes('6.6.6.6')");
    assert.equal(headerOf(out, 'x-forwarded-for'), '192.0.2.7');
    assert.equal(headerOf(out, 'x-forwarded-proto'), 'https');
    assert.equal(headerOf(out, 'x-forwarded-host'), 'app.localhost:8443');
    assert.equal(headerOf(out, 'x-forwarded-port'), '8443');
    assert.equal(
      headerOf(requestHeaders([], { ...client, authority: 'a.b' }, false), 'x-forwarded-port'),
      '443',
    );
  });

  it('keeps what a trusted proxy says, and adds that proxy to the chain', () => {
    const out = requestHeaders(
      ['X-Forwarded-For', '203.0.113.1', 'X-Forwarded-For', '10.0.0.1', 'X-Forwarded-Proto', 'http'],
      client,
      true,
    );
    assert.equal(headerOf(out, 'x-forwarded-for'), '203.0.113.1, 10.0.0.1, 192.0.2.7');
    assert.equal(headerOf(out, 'x-forwarded-proto'), 'http');
  });

  it("drops the connection's own fields and those that it names, but nothing that it may not", () => {
    const out = requestHeaders(
      [
        ...['Connection', 'keep-alive, X-Hop, Authorization', 'X-Hop', '1', 'Keep-Alive', 'timeout=5'],
        ...[
          'Transfer-Encoding',
          'chunked',
          'Upgrade',
          'h2c',
          'HTTP2-Settings',
          'x',
          'Proxy-Authorization',
          'x',
        ],
        ...['TE', 'gzip, trailers', 'Expect', '100-continue', 'Authorization', 'Basic x', 'X-App', 'yes'],
      ],
      client,
      false,
    );
    const names = out.filter((_, i) => i % 2 === 0 && !out[i]?.startsWith('X-Forwarded'));
    assert.deepEqual(names, ['Host', 'TE', 'Authorization', 'X-App', 'X-Real-IP']);
    assert.equal(headerOf(out, 'te'), 'trailers');
  });

  it('joins the cookie fields of HTTP/2 into the one of HTTP/1.1', () => {
    assert.equal(
      headerOf(requestHeaders(['cookie', 'a=1', 'cookie', 'b=2'], client, false), 'cookie'),
      'a=1; b=2',
    );
  });
});

describe('responseHeaders', () => {
  it('keeps repeated fields and their spelling, without those of the connection', () => {
    const raw = [
      'Set-Cookie',
      'a',
      'Connection',
      'close, x-hop',
      'X-Hop',
      '1',
      'Set-Cookie',
      'b',
      'Transfer-Encoding',
      'chunked',
    ];
    assert.deepEqual(responseHeaders(raw), ['Set-Cookie', 'a', 'Set-Cookie', 'b']);
  });
});

describe('trustNetworks', () => {
  it('knows the addresses of its networks, of both families', () => {
    const trusts = trustNetworks(['10.0.0.0/8', 'fd00::/8']);
    assert.deepEqual(['10.1.2.3', '11.1.2.3', 'fd00::1', 'fe80::1'].map(trusts), [true, false, true, false]);
    assert.equal(trustNetworks([])('10.0.0.1'), false);
  });
});
