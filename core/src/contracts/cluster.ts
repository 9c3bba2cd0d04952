import { contract } from '../kernel/plugin.ts';

/** How to reach a Kubernetes API: a kubeconfig document, as `kubectl` reads it. */
export interface ClusterConnection {
  /** YAML or JSON text of a kubeconfig. */
  readonly kubeconfig: string;
  /** Absent: the kubeconfig's current context. */
  readonly context?: string;
  /** As a person knows it: "embedded cluster in <folder>", "context k3d-dev at https://…". */
  readonly description: string;
}

/** A Kubernetes API to talk to. */
export interface Cluster {
  /** Fails with `CLUSTER_NOT_RUNNING` or `CLUSTER_UNREACHABLE`, and how to mend it. */
  connection(): Promise<ClusterConnection>;
  /** The published platform name of `GET /info`: k3s, kind, minikube, ibm, generic, embedded. */
  platform(): Promise<string>;
}

export const cluster = contract<Cluster>('cluster');
