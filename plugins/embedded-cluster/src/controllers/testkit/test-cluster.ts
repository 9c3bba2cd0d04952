import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createInformers,
  type Clock,
  type Kube,
  type KubeObject,
  type OwnedInformers,
  type Pod,
} from '@epinio/core';
import { eventually, FakeLog, systemClock } from '@epinio/core/testkit';
import { createLocalKube } from '../../api/local-kube.ts';
import { createPodTokens } from '../../auth/tokens/pod-tokens.ts';
import { ServiceAccountTokens } from '../../auth/tokens/service-account-tokens.ts';
import { createSigningKey, readSigningKey } from '../../auth/tokens/signing-key.ts';
import { startNodeAgent } from '../../node/index.ts';
import { openRegistry, type OpenRegistry } from '../../registry/open.ts';
import type { Started } from '../../start.ts';
import { startControllers } from '../index.ts';

export interface TestClusterOptions {
  /** "real" runs pods; false leaves them pending until the test says otherwise. */
  readonly node?: boolean | 'real';
  /** The one that controllers and node go by. */
  readonly clock?: Clock;
}

/** The API on a folder of its own, with the controllers, and a node that marks pods ready without running them. */
export class TestCluster implements AsyncDisposable {
  readonly kube: Kube;
  readonly log: FakeLog;
  readonly informers: OwnedInformers;
  readonly #registry: OpenRegistry;
  readonly #folder: string;
  #running: Started[] = [];

  private constructor(folder: string, registry: OpenRegistry, log: FakeLog) {
    this.#folder = folder;
    this.#registry = registry;
    this.log = log;
    this.kube = createLocalKube(registry.registry, 'kube-controller-manager');
    this.informers = createInformers(this.kube, { clock: systemClock, log });
  }

  static async start({ node = true, clock = systemClock }: TestClusterOptions = {}): Promise<TestCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'epinio-controllers-'));
    const log = new FakeLog();
    const registry = await openRegistry({ directory: join(folder, 'store'), history: 4096 }, log);
    const cluster = new TestCluster(folder, registry, log);
    const { kube, informers } = cluster;
    const context = { kube, informers, log, clock, signal: new AbortController().signal };
    const key = readSigningKey(createSigningKey(), 'test');
    const tokens = new ServiceAccountTokens({ registry: registry.registry, key, log });
    const running: Started[] = [await startControllers({ ...context, tokens, authority: 'test' })];
    cluster.#running = running;
    if (node === false) return cluster;
    const kubelet = createLocalKube(registry.registry, 'kubelet');
    const simulated = node !== 'real';
    const agent = await startNodeAgent({
      ...context,
      kube: kubelet,
      tokens: createPodTokens(tokens),
      dataDirectory: folder,
      config: { node: { simulated } },
    });
    running.push({ close: () => agent.stopAllPods(0) });
    return cluster;
  }

  async get<T extends KubeObject>(
    kind: string,
    name: string,
    namespace: string | undefined = 'default',
  ): Promise<T | undefined> {
    return await this.kube.get<T>({
      apiVersion: API_VERSIONS[kind] ?? 'v1',
      kind,
      name,
      ...(namespace === '' ? {} : { namespace }),
    });
  }

  async list<T extends KubeObject>(kind: string, labelSelector?: string): Promise<readonly T[]> {
    const ref = { apiVersion: API_VERSIONS[kind] ?? 'v1', kind, namespace: 'default' };
    const { items } = await this.kube.list<T>(ref, labelSelector === undefined ? {} : { labelSelector });
    return items;
  }

  /** Changes the status of a pod, as its node would. */
  async setPodStatus({ metadata }: Pod, status: Pod['status']): Promise<void> {
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: metadata.namespace ?? '', name: metadata.name };
    await this.kube.patch(ref, { type: 'merge', patch: { status } }, { subresource: 'status' });
  }

  /** Waits until there is what the check asks for. */
  until<T>(check: () => Promise<T> | T, timeoutMs = 10_000): Promise<T> {
    return eventually(check, timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of [...this.#running].reverse()) await started.close();
    await this.informers.close();
    await this.#registry.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ControllerRevision: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  StorageClass: 'storage.k8s.io/v1',
};

export function readyStatus(isReady: boolean): NonNullable<Pod['status']> {
  const status = isReady ? 'True' : 'False';
  const lastTransitionTime = new Date().toISOString();
  return {
    phase: 'Running',
    podIP: '127.0.0.1',
    conditions: [{ type: 'Ready', status, lastTransitionTime }],
  };
}
