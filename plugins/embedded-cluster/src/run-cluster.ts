import { createInformers, type Clock, type Log, type RunHost } from '@epinio/core';
import { createPodTokens } from './auth/tokens/pod-tokens.ts';
import { createLocalKube } from './api/local-kube.ts';
import { publishApiServer } from './api/kubernetes-service.ts';
import { startApi } from './api/start-api.ts';
import type { Config } from './config.ts';
import { startControllers } from './controllers/index.ts';
import { startNodeAgent } from './node/index.ts';
import { startServiceProxy } from './service-proxy/index.ts';

export interface RunClusterOptions {
  /** The plugin's folder. */
  readonly directory: string;
  readonly port: number;
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly host: RunHost;
}

/** Containers of a platform that stops get so long to end by themselves. */
const POD_GRACE_MS = 10_000;

/**
 * API, then controllers and node, then ready. When the signal is aborted, pods are ended, and then the rest, the
 * other way round; a process that is killed leaves its pods running, for the next one to find.
 */
export async function runCluster({
  directory,
  port,
  config,
  log,
  clock,
  host,
}: RunClusterOptions): Promise<void> {
  // Who stops pods needs its loops: they end one by one below, not all at once with the host's signal.
  const { signal } = new AbortController();
  await using closing = new AsyncDisposableStackLike();
  const api = await startApi({ directory, port, history: config.history, log });
  closing.add(() => api.close());

  const controllersKube = createLocalKube(api.registry, 'kube-controller-manager');
  const informers = createInformers(controllersKube, { clock, log });
  closing.add(async () => informers[Symbol.asyncDispose]());
  const { tokens, authority } = api;
  const controllers = await startControllers({
    ...{ kube: controllersKube, informers, log, clock, signal, tokens, authority },
  });
  closing.add(() => controllers.close());

  await publishApiServer(createLocalKube(api.registry, 'kube-apiserver'), api.port);
  if (!config.node.simulated) {
    const { nodePortAddress } = config.node;
    const kube = createLocalKube(api.registry, 'kube-proxy');
    const proxy = await startServiceProxy({ kube, informers, log, clock, signal, nodePortAddress });
    closing.add(() => proxy.close());
  }

  const kubeletKube = createLocalKube(api.registry, 'kubelet');
  const node = await startNodeAgent({
    kube: kubeletKube,
    informers,
    log,
    clock,
    signal,
    tokens: createPodTokens(tokens),
    dataDirectory: directory,
    config,
  });
  closing.add(() => node.stopAllPods(POD_GRACE_MS));
  api.setNode(node);

  api.setReady();
  host.ready();
  await aborted(host.signal);
}

/** Runs what was added in reverse, all of it, whatever fails; then fails with the first failure. */
class AsyncDisposableStackLike {
  readonly #closers: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse())
      await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
