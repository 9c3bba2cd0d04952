import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flagValues } from './flag-values.ts';

describe('flags that set values of the configuration', () => {
  it('set the keys that they have always stood for', () => {
    const options = {
      systemDomain: 'a.example',
      emailAddress: 'ops@a.example',
      skipTraefik: true,
      yes: true,
    };
    assert.deepEqual(flagValues(options), [
      { flag: '--system-domain', key: 'domain', value: 'a.example' },
      { flag: '--email-address', key: 'components.certs.with.email', value: 'ops@a.example' },
      { flag: '--skip-traefik', key: 'components.ingress.with.install', value: false },
    ]);
  });

  it('refuse each other where they always have', () => {
    assert.throws(
      () => flagValues({ skipTraefik: true, loadbalancerIp: '192.0.2.1' }),
      /^EpinioError: cannot have --skip-traefik and --loadbalancer-ip together$/,
    );
  });
});
