import {
  EpinioError,
  hasCode,
  messageOf,
  type Cluster,
  type ClusterConnection,
  type Environment,
  type KubeConnector,
  type Node,
} from '@epinio/core';
import type { Config } from './config.ts';
import { inClusterConfig } from './in-cluster.ts';
import { readKubeconfigFiles, type Kubeconfig } from './kubeconfig-files.ts';
import { platformOf } from './platform.ts';

export interface KubernetesClusterNeeds {
  readonly environment: Environment;
  readonly kubeConnector: KubeConnector;
}

/** The oldest minor of Kubernetes 1 that has all that the platform uses: field validation, aggregated discovery. */
const OLDEST_MINOR = 27;
const PROBE_TIMEOUT_MS = 15_000;

/** A Kubernetes that is already there. */
export class KubernetesCluster implements Cluster {
  readonly #needs: KubernetesClusterNeeds;
  readonly #config: Config;
  #connection: Promise<ClusterConnection> | undefined;

  constructor(needs: KubernetesClusterNeeds, config: Config) {
    this.#needs = needs;
    this.#config = config;
  }

  /**
   * Found and asked once. Fails with `CLUSTER_UNKNOWN` (no kubeconfig), `CLUSTER_UNREACHABLE`, `CLUSTER_TOO_OLD`,
   * or what is wrong with the kubeconfig.
   */
  connection(): Promise<ClusterConnection> {
    this.#connection ??= this.#connect().catch((error: unknown) => {
      this.#connection = undefined; // it may be there the next time
      throw error;
    });
    return this.#connection;
  }

  async platform(): Promise<string> {
    await using client = await this.#needs.kubeConnector(await this.connection());
    const { items } = await client.list<Node>({ apiVersion: 'v1', kind: 'Node' });
    return platformOf(items);
  }

  async #connect(): Promise<ClusterConnection> {
    const { kubeconfig: file, context } = this.#config;
    const { environment } = this.#needs;
    const found = (await readKubeconfigFiles(file, environment)) ?? inClusterConfig(environment);
    if (found === undefined) {
      throw new EpinioError(
        'CLUSTER_UNKNOWN',
        'There is no kubeconfig: KUBECONFIG is not set, and ~/.kube/config is not there',
        {
          fix: 'set KUBECONFIG or the option `kubeconfig`, or install on this machine: epinio install --profile embedded',
        },
      );
    }
    const connection = {
      kubeconfig: JSON.stringify(found.document),
      ...(context === undefined ? {} : { context }),
      description: describe(found, context),
    };
    await this.#check(connection);
    return connection;
  }

  async #check(connection: ClusterConnection): Promise<void> {
    await using client = await this.#needs.kubeConnector(connection);
    const version = await client.version(AbortSignal.timeout(PROBE_TIMEOUT_MS)).catch((cause: unknown) => {
      if (!hasCode(cause, 'KUBE_UNREACHABLE') && !isTimeout(cause)) throw cause;
      const fact = isTimeout(cause) ? `did not answer within ${PROBE_TIMEOUT_MS / 1000} s` : messageOf(cause);
      throw new EpinioError(
        'CLUSTER_UNREACHABLE',
        `The cluster (${connection.description}) cannot be reached: ${fact}`,
        {
          fix: 'check that it runs and that this is the right context: kubectl cluster-info',
          status: 503,
          cause,
        },
      );
    });
    const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
    if (Number(major) > 1 || Number(minor) >= OLDEST_MINOR) return;
    throw new EpinioError(
      'CLUSTER_TOO_OLD',
      `The cluster (${connection.description}) is Kubernetes ${version}, and 1.${OLDEST_MINOR} or newer is needed`,
      { fix: 'upgrade the cluster, or name another by the option `context`' },
    );
  }
}

/** "context dev at https://…", as a person knows it. */
function describe({ document, source }: Kubeconfig, context: string | undefined): string {
  const name = context ?? document['current-context'];
  const entry = document.contexts.find((candidate) => candidate.name === name);
  const { cluster } = (entry?.['context'] ?? {}) as { readonly cluster?: string };
  const found = document.clusters.find((candidate) => candidate.name === cluster);
  const { server } = (found?.['cluster'] ?? {}) as { readonly server?: string };
  return `context "${name}" of ${source}${server === undefined ? '' : ` at ${server}`}`;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
