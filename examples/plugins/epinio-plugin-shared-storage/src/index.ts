import { clock, dataDirectory, definePlugin, listenPorts, storage } from '@epinio/core';
import { config } from './config.ts';
import { SharedStorage } from './shared-storage.ts';

export default definePlugin({
  id: 'shared-storage',
  provides: storage,
  contractVersion: 1,
  needs: { clock, dataDirectory, listenPorts },
  config,
  parts: () => [], // nothing goes into the cluster: the blobs are files of this machine
  probes: () => [],
  create: (needs, config) => new SharedStorage(needs, config),
  run: (service: SharedStorage, host) => service.run(host),
});
