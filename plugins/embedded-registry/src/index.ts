import { clock, dataDirectory, definePlugin, listenPorts, log, registry } from '@epinio/core';
import { config } from './config.ts';
import { EmbeddedRegistry } from './embedded-registry.ts';
import { parts, probes } from './resources.ts';

export default definePlugin({
  id: 'embedded-registry',
  provides: registry,
  contractVersion: 1,
  needs: { clock, dataDirectory, listenPorts, log },
  config,
  parts,
  probes,
  create: (needs, config) => new EmbeddedRegistry(needs, config),
  run: (service: EmbeddedRegistry, host) => service.run(host),
});
