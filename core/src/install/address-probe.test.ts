import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Probe } from '../kernel/component.ts';
import { FakeKube } from '../testkit/fake-kube.ts';
import { waitForProbe } from './probe.ts';
import { signal } from './sample-installation.ts';

const probe: Probe = {
  kind: 'address',
  what: 'the address of Service "door"',
  apiVersion: 'v1',
  resourceKind: 'Service',
  namespace: 'default',
  name: 'door',
  timeoutSeconds: 0.1,
  fix: 'give the cluster a load balancer',
};

function service(loadBalancer: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'door', namespace: 'default' },
    status: { loadBalancer },
  };
}

describe('the probe for the address of a load balancer', () => {
  it('passes for an IP address and for a host name', async () => {
    for (const given of [{ ip: '192.0.2.1' }, { hostname: 'lb.example.com' }]) {
      await using kube = new FakeKube();
      kube.seed(service({ ingress: [given] }) as never);
      await waitForProbe(kube, probe, 'door', signal);
    }
  });

  it('says after the wait what is missing, and what to do', async () => {
    await using kube = new FakeKube();
    kube.seed(service({}) as never);
    await assert.rejects(waitForProbe(kube, probe, 'door', signal), {
      code: 'INSTALL_NOT_READY',
      message:
        'Component "door" waited for the address of Service "door", which was not ready within 0.1 s: no load balancer has given it an address',
      fix: 'give the cluster a load balancer',
    });
  });
});
