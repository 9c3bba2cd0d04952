import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeLog, systemClock } from '@epinio/core/testkit';
import { config } from '../../config.ts';
import { runCluster } from '../../run-cluster.ts';
import { type } from './terminal.ts';

export interface ClientClusterOptions {
  /** Whether pods are only marked ready; default true. */
  readonly simulated?: boolean;
  /** More for the environment of commands. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A kubeconfig of another cluster to play transcripts against, to see what a real one shows: that one is neither
 * started nor stopped.
 */
const other = process.env['EPINIO_TRANSCRIPT_KUBECONFIG'];

/** A whole embedded cluster, API, controllers and node, with the environment of somebody who works with it. */
export class ClientCluster implements AsyncDisposable {
  readonly log = new FakeLog();
  readonly #folder = mkdtempSync(join(tmpdir(), 'epinio-clients-'));
  readonly #options: ClientClusterOptions;
  #stop: () => Promise<void> = async () => undefined;
  #port = 0;

  private constructor(options: ClientClusterOptions) {
    this.#options = options;
  }

  static async start(options: ClientClusterOptions = {}): Promise<ClientCluster> {
    const cluster = new ClientCluster(options);
    await cluster.start();
    return cluster;
  }

  get kubeconfigFile(): string {
    return other ?? join(this.#folder, 'cluster/kubeconfig');
  }

  /** Starts on the port and the folder of before, when there were any. */
  async start(): Promise<void> {
    if (other !== undefined) return;
    const abort = new AbortController();
    let running: Promise<void> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      running = runCluster({
        ...{ directory: join(this.#folder, 'cluster'), port: this.#port, log: this.log, clock: systemClock },
        config: config.parse({ node: { simulated: this.#options.simulated ?? true } }),
        host: { signal: abort.signal, ready: resolve },
      });
      running.catch(reject);
    });
    this.#port = Number(/server: https:\S+:(\d+)/.exec(readFileSync(this.kubeconfigFile, 'utf8'))?.[1]);
    this.#stop = async () => {
      abort.abort(new Error('the test is over'));
      await running;
    };
  }

  async stop(): Promise<void> {
    await this.#stop();
    this.#stop = async () => undefined;
  }

  /** Makes a namespace and a kubeconfig that is in it. @returns the environment of commands. */
  async enter(namespace: string, folder: string): Promise<Readonly<Record<string, string>>> {
    const file = join(folder, '.kubeconfig');
    const kubeconfig = readFileSync(this.kubeconfigFile, 'utf8');
    writeFileSync(file, kubeconfig.replace('namespace: default', `namespace: ${namespace}`), { mode: 0o600 });
    const home = join(this.#folder, 'home'); // one for all: kubectl keeps there what it knows of the API
    mkdirSync(home, { recursive: true });
    const { PATH = '' } = process.env;
    const own = { HOME: home, TMPDIR: folder, KUBECONFIG: file, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
    const env = { PATH, ...own, ...this.#options.env };
    const { output, exitCode } = await type(`kubectl create namespace ${namespace}`, { folder, env });
    if (exitCode !== 0) throw new Error(output);
    return env;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
