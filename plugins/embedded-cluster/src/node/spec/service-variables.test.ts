import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '@epinio/core';
import { serviceVariables } from './service-variables.ts';

const service = (name: string, spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'apps', name },
  spec,
});

test('a Service is known by the variables that the kubelet sets, and none without an address', () => {
  const ports = [
    { name: 'http-web', port: 80 },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ];
  const variables = serviceVariables([
    service('my-db', { clusterIP: '127.96.7.8', ports }),
    service('headless', { clusterIP: 'None', ports }),
    service('elsewhere', { type: 'ExternalName', externalName: 'example.com' }),
  ]);
  assert.deepEqual(Object.fromEntries(variables), {
    MY_DB_SERVICE_HOST: '127.96.7.8',
    MY_DB_SERVICE_PORT: '80',
    MY_DB_SERVICE_PORT_HTTP_WEB: '80',
    MY_DB_SERVICE_PORT_DNS: '53',
    MY_DB_PORT: 'tcp://127.96.7.8:80',
    MY_DB_PORT_80_TCP: 'tcp://127.96.7.8:80',
    MY_DB_PORT_80_TCP_PROTO: 'tcp',
    MY_DB_PORT_80_TCP_PORT: '80',
    MY_DB_PORT_80_TCP_ADDR: '127.96.7.8',
    MY_DB_PORT_53_UDP: 'udp://127.96.7.8:53',
    MY_DB_PORT_53_UDP_PROTO: 'udp',
    MY_DB_PORT_53_UDP_PORT: '53',
    MY_DB_PORT_53_UDP_ADDR: '127.96.7.8',
  });
});
