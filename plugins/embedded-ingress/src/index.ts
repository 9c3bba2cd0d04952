import { clock, dataDirectory, definePlugin, informers, ingress, kube } from '@epinio/core';
import { CONTRACT_VERSION, listenPorts, log, settings } from '@epinio/core';
import { config } from './config.ts';
import { EmbeddedIngress } from './ingress.ts';
import { ID, parts, probes } from './resources.ts';

export default definePlugin({
  id: ID,
  provides: ingress,
  contractVersion: CONTRACT_VERSION,
  needs: { kube, informers, log, clock, listenPorts, dataDirectory, settings },
  config,
  parts,
  probes,
  create: (needs, options) => new EmbeddedIngress(needs, options),
  run: (service, host) => service.run(host),
});
