import { CONTRACT_VERSION, definePlugin, ingress, kube } from '@epinio/core';
import { check } from './check.ts';
import { config } from './config.ts';
import { detect } from './find.ts';
import { ID, parts, probes } from './resources.ts';
import { TraefikIngress } from './traefik-ingress.ts';

/** Traefik, installed by its Helm chart, or the one that is there. */
export default definePlugin({
  id: ID,
  provides: ingress,
  contractVersion: CONTRACT_VERSION,
  needs: { kube },
  config,
  detect,
  check,
  parts,
  probes,
  create: (needs, options) => new TraefikIngress(needs.kube, options),
});
