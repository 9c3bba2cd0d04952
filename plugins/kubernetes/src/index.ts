import { cluster, definePlugin, environment, kubeConnector } from '@epinio/core';
import { config } from './config.ts';
import { KubernetesCluster } from './kubernetes-cluster.ts';

/** Any Kubernetes that a kubeconfig, or the pod this runs in, leads to. */
export default definePlugin({
  id: 'kubernetes',
  provides: cluster,
  contractVersion: 1,
  needs: { environment, kubeConnector },
  config,
  parts: () => [], // it is there
  probes: () => [],
  create: (needs, options) => new KubernetesCluster(needs, options),
});
