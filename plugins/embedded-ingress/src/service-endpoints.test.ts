import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint, EndpointSlice, Service } from '@epinio/core';
import { resolveEndpoints } from './service-endpoints.ts';
import { serviceObject, slicesOf } from './testkit/cluster-objects.ts';

const ref = { namespace: 'workspace', service: 'web', port: 8080 };
const service = serviceObject('web');

function slice(conditions: Endpoint['conditions'], port = 4001): EndpointSlice {
  const [one] = slicesOf('web', [port]);
  assert.ok(one, 'one');
  return { ...one, endpoints: [{ addresses: ['127.0.0.1'], ...(conditions && { conditions }) }] };
}

describe('resolveEndpoints', () => {
  it('takes the real port of every slice, each address once', () => {
    const slices = [...slicesOf('web', [4001, 4002]), ...slicesOf('web', [4001])];
    assert.deepEqual(resolveEndpoints(ref, service, slices).addresses, ['127.0.0.1:4001', '127.0.0.1:4002']);
    assert.deepEqual(resolveEndpoints({ ...ref, port: 'http' }, service, slices).addresses, [
      '127.0.0.1:4001',
      '127.0.0.1:4002',
    ]);
  });

  it('matches ports by name, also when neither side has one', () => {
    const nameless: Service = { ...service, spec: { ports: [{ port: 8080 }] } };
    const [one] = slicesOf('web', [4001]);
    assert.ok(one, 'one');
    assert.deepEqual(
      resolveEndpoints(ref, nameless, [{ ...one, ports: [{ name: '', port: 1 }] }]).addresses,
      ['127.0.0.1:1'],
    );
    assert.deepEqual(resolveEndpoints(ref, nameless, [one]).addresses, []);
  });

  it('writes IPv6 addresses in brackets', () => {
    const [one] = slicesOf('web', [4001]);
    assert.ok(one, 'one');
    const six: EndpointSlice = { ...one, addressType: 'IPv6', endpoints: [{ addresses: ['::1'] }] };
    assert.deepEqual(resolveEndpoints(ref, service, [six]).addresses, ['[::1]:4001']);
  });

  it('takes an endpoint whose readiness is not known, none that is not ready', () => {
    assert.equal(resolveEndpoints(ref, service, [slice(undefined)]).addresses.length, 1);
    assert.match(
      resolveEndpoints(ref, service, [slice({ ready: false })]).problem ?? '',
      /its one instance is not ready/,
    );
    assert.match(
      resolveEndpoints(ref, service, [slice({ ready: false }), slice({ ready: false }, 2)]).problem ?? '',
      /none of its 2 instances is ready/,
    );
  });

  it('takes one that is on its way out only when there is no other', () => {
    const leaving = slice({ ready: false, serving: true, terminating: true }, 4001);
    assert.deepEqual(resolveEndpoints(ref, service, [leaving]).addresses, ['127.0.0.1:4001']);
    assert.deepEqual(resolveEndpoints(ref, service, [leaving, slice({ ready: true }, 4002)]).addresses, [
      '127.0.0.1:4002',
    ]);
    assert.match(
      resolveEndpoints(ref, service, [slice({ terminating: true })]).problem ?? '',
      /all its instances are stopping/,
    );
  });

  it('says what is missing', () => {
    const problem = (...args: Parameters<typeof resolveEndpoints>) => resolveEndpoints(...args).problem ?? '';
    assert.match(problem(ref, undefined, []), /Service "web" does not exist/);
    assert.match(problem({ ...ref, port: 9 }, service, []), /Service "web" has no port 9/);
    assert.match(problem(ref, service, []), /no running instance/);
    assert.match(
      problem(ref, { ...service, spec: { type: 'ExternalName', externalName: 'x.example' } }, []),
      /ExternalName/,
    );
  });
});
