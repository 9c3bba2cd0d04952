import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '@epinio/core';
import type { Kubeconfig } from './kubeconfig-files.ts';

/** Where the kubelet puts the service account of a pod. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The cluster that this process is a pod of, by its service account; undefined elsewhere. The token stays in its
 * file: the kubelet renews it.
 */
export function inClusterConfig(environment: Environment, folder = SERVICE_ACCOUNT): Kubeconfig | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const tokenFile = join(folder, 'token');
  if (host === undefined || !existsSync(tokenFile)) return undefined;
  const address = host.includes(':') ? `[${host}]` : host;
  const cluster = { server: `https://${address}:${port}`, 'certificate-authority': join(folder, 'ca.crt') };
  return {
    source: 'the service account of this pod',
    document: {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'in-cluster',
      clusters: [{ name: 'in-cluster', cluster }],
      users: [{ name: 'in-cluster', user: { tokenFile } }],
      contexts: [{ name: 'in-cluster', context: { cluster: 'in-cluster', user: 'in-cluster' } }],
    },
  };
}
