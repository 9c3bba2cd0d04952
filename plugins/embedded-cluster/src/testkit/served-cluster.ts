import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig, CoreV1Api } from '@kubernetes/client-node';
import type { Pod, PodSpec } from '@epinio/core';
import { eventually, FakeLog, systemClock } from '@epinio/core/testkit';
import { config } from '../config.ts';
import { ImageRegistry } from '../node/testkit/image-registry.ts';
import { runCluster } from '../run-cluster.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the tests of pods are run once more, for machines that are not as this one. */
const ISOLATION = process.env['EPINIO_TEST_ISOLATION'] ?? 'auto';

/** A whole cluster in a folder of its own: the API over HTTPS, controllers, and a node that runs pods. */
export class ServedCluster implements AsyncDisposable {
  readonly folder: string;
  readonly registry: ImageRegistry;
  readonly log = new FakeLog();
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(registry: ImageRegistry) {
    this.registry = registry;
    this.folder = mkdtempSync(join(tmpdir(), 'epinio-served-'));
    chmodSync(this.folder, 0o711);
  }

  static async start(): Promise<ServedCluster> {
    const cluster = new ServedCluster(await ImageRegistry.start());
    await cluster.#run();
    return cluster;
  }

  get kubeconfigFile(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** A client's configuration, as `@kubernetes/client-node` reads it. */
  get kubeConfig(): KubeConfig {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(this.kubeconfigFile);
    return kubeConfig;
  }

  get api(): CoreV1Api {
    return this.kubeConfig.makeApiClient(CoreV1Api);
  }

  /** Runs a pod of one container that sees the host's programs, and waits until it runs. */
  async runPod(
    name: string,
    script: string,
    more: Partial<PodSpec['containers'][number]> = {},
  ): Promise<Pod> {
    const image = await this.registry.add(name, [{ at: 'workspace/name', content: name }], {
      WorkingDir: '/workspace',
      Entrypoint: ['/bin/sh', '-c', script],
    });
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, ...more }] },
    };
    await this.api.createNamespacedPod({ namespace: 'default', body: pod as never });
    return await this.untilPod(
      name,
      (status) => status?.containerStatuses?.[0]?.state?.running !== undefined,
    );
  }

  /** Waits until the status of a pod is as the check wants it. */
  untilPod(name: string, check: (status: Pod['status']) => boolean): Promise<Pod> {
    return eventually(async () => {
      const pod = (await this.api.readNamespacedPod({ namespace: 'default', name })) as unknown as Pod;
      if (!check(pod.status)) throw new Error(`pod ${name} is not there yet: ${JSON.stringify(pod.status)}`);
      return pod;
    }, 20_000);
  }

  /** Runs kubectl to its end. */
  kubectl(args: readonly string[], input?: string | Buffer): Promise<Ran> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        args,
        { env: this.env, timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, stdout, stderr });
        },
      );
      child.stdin?.on('error', () => undefined).end(input);
    });
  }

  get env(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.folder, KUBECONFIG: this.kubeconfigFile };
  }

  /** Stops and starts the platform as an orderly restart would: pods end, and begin again. */
  async restart(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { metadata } of (await this.api.listPodForAllNamespaces()).items) {
      const [namespace, name] = [metadata?.namespace ?? '', metadata?.name ?? ''];
      await this.api.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }).catch(() => undefined);
    }
    this.#stop.abort();
    await this.#running;
    await this.registry[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(): Promise<void> {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    await new Promise<void>((resolve, reject) => {
      this.#running = runCluster({
        directory: this.folder,
        port: 0,
        config: config.parse({ node: { isolation: ISOLATION } }),
        log: this.log,
        clock: systemClock,
        host: { signal, ready: resolve },
      });
      this.#running.catch(reject);
    });
  }
}
