import { certs, CONTRACT_VERSION, definePlugin, kube } from '@epinio/core';
import { CertManagerCerts } from './cert-manager-certs.ts';
import { check } from './check.ts';
import { config } from './config.ts';
import { detect } from './find.ts';
import { ID, parts, probes } from './resources.ts';

/** cert-manager, installed by its Helm chart, or the one that is there. */
export default definePlugin({
  id: ID,
  provides: certs,
  contractVersion: CONTRACT_VERSION,
  needs: { kube },
  config,
  detect,
  check,
  parts,
  probes,
  create: (needs, options) => new CertManagerCerts(needs.kube, options),
});
