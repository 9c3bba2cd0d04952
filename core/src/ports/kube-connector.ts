import type { ClusterConnection } from '../contracts/cluster.ts';
import { token } from '../kernel/token.ts';
import type { Kube } from './kube.ts';

/** A connection to an API server that its owner closes. */
export interface KubeClient extends Kube, AsyncDisposable {
  /** Of the API server: "v1.35.4". */
  version(signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/**
 * Connects to any cluster, for components that provide one. Sends nothing by itself. Fails with
 * `KUBECONFIG_INVALID` or `KUBECONFIG_CONTEXT`.
 */
export type KubeConnector = (connection: ClusterConnection) => Promise<KubeClient>;

export const kubeConnector = token<KubeConnector>('port:kube-connector');
