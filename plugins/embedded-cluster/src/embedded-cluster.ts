import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import {
  EpinioError,
  type Clock,
  type Cluster,
  type ClusterConnection,
  type DataDirectory,
  type ListenPorts,
  type Log,
  type RunHost,
} from '@epinio/core';
import type { Config } from './config.ts';

export interface EmbeddedClusterNeeds {
  readonly dataDirectory: DataDirectory;
  readonly listenPorts: ListenPorts;
  readonly clock: Clock;
  readonly log: Log;
}

const ID = 'embedded-cluster';
const PORT = 6443;
/** A server on this machine that does not answer in this time is not running. */
const PROBE_TIMEOUT_MS = 2_000;

/** The cluster as a client sees it: where it is, and whether it answers. `run` is the other side. */
export class EmbeddedCluster implements Cluster {
  readonly #needs: EmbeddedClusterNeeds;
  readonly #config: Config;

  constructor(needs: EmbeddedClusterNeeds, config: Config) {
    this.#needs = needs;
    this.#config = config;
  }

  async connection(): Promise<ClusterConnection> {
    const { dataDirectory } = this.#needs;
    const directory = dataDirectory.path(ID);
    const file = join(directory, 'kubeconfig');
    const kubeconfig = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (kubeconfig === undefined || !(await answers(kubeconfig))) {
      throw new EpinioError('CLUSTER_NOT_RUNNING', `The embedded cluster in "${directory}" is not running`, {
        fix: `epinio start --data-dir ${dirname(directory)}`,
      });
    }
    return { kubeconfig, description: `embedded cluster in ${directory}` };
  }

  async platform(): Promise<string> {
    return 'embedded';
  }

  /** Serves the API, runs controllers and pods until the host's signal is aborted. Pods outlive it. */
  async run(host: RunHost): Promise<void> {
    const { dataDirectory, listenPorts, log, clock } = this.#needs;
    const { runCluster } = await import('./run-cluster.ts');
    const { port: wanted } = this.#config;
    const port = await listenPorts.claim(
      'kubernetes',
      wanted ?? PORT,
      wanted === undefined ? {} : { exact: true },
    );
    await runCluster({ directory: dataDirectory.path(ID), port, config: this.#config, log, clock, host });
  }
}

/** Asks the server that a kubeconfig names whether it lives; its certificate proves that it is ours. */
async function answers(kubeconfig: string): Promise<boolean> {
  const server = /^\s*server: (\S+)$/m.exec(kubeconfig)?.[1];
  const authority = /^\s*certificate-authority-data: (\S+)$/m.exec(kubeconfig)?.[1];
  if (server === undefined || authority === undefined) return false;
  return new Promise((resolve) => {
    const probe = request(
      `${server}/livez`,
      { ca: Buffer.from(authority, 'base64'), timeout: PROBE_TIMEOUT_MS, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    probe.on('timeout', () => probe.destroy(new Error('timeout')));
    probe.on('error', () => resolve(false)); // refused, silent, or somebody else: not our cluster
    probe.end();
  });
}
