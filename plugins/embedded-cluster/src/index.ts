import { clock, cluster, dataDirectory, definePlugin, listenPorts, log } from '@epinio/core';
import { config } from './config.ts';
import { EmbeddedCluster } from './embedded-cluster.ts';

/** A Kubernetes API and node agent for one machine, in the server's process. */
export default definePlugin({
  id: 'embedded-cluster',
  provides: cluster,
  contractVersion: 1,
  needs: { clock, dataDirectory, listenPorts, log },
  config,
  parts: () => [],
  probes: () => [],
  create: (needs, options) => new EmbeddedCluster(needs, options),
  run: (service, host) => service.run(host),
});
