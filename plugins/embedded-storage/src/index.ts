import { clock, dataDirectory, definePlugin, listenPorts, log, storage } from '@epinio/core';
import { config } from './config.ts';
import { EmbeddedStorage } from './embedded-storage.ts';
import { parts, probes } from './resources.ts';

export default definePlugin({
  id: 'embedded-storage',
  provides: storage,
  contractVersion: 1,
  needs: { clock, dataDirectory, listenPorts, log },
  config,
  parts,
  probes,
  create: (needs, config) => new EmbeddedStorage(needs, config),
  run: (service: EmbeddedStorage, host) => service.run(host),
});
