import { clock, definePlugin, informers, kube, log, secretSync } from '@epinio/core';
import { config } from './config.ts';
import { EmbeddedSecretSync } from './embedded-secret-sync.ts';

export default definePlugin({
  id: 'embedded-secret-sync',
  provides: secretSync,
  contractVersion: 1,
  needs: { kube, informers, log, clock },
  config,
  parts: () => [], // the annotations are the API; there is nothing to install
  probes: () => [],
  create: (needs) => new EmbeddedSecretSync(needs),
  run: (service: EmbeddedSecretSync, host) => service.run(host),
});
