import { certs, clock, definePlugin, informers, kube, log } from '@epinio/core';
import { config } from './config.ts';
import { EmbeddedCerts } from './embedded-certs.ts';
import { parts, probes } from './resources.ts';

export default definePlugin({
  id: 'embedded-certs',
  provides: certs,
  contractVersion: 1,
  needs: { kube, informers, log, clock },
  config,
  parts,
  probes,
  create: (needs, config) => new EmbeddedCerts(needs, config),
  run: (service: EmbeddedCerts, host) => service.run(host),
});
