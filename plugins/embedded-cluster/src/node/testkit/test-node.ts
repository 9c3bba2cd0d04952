import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  createInformers,
  type EventObject,
  type Kube,
  type KubeObject,
  type Pod,
  type PodLogOptions,
  type PodSpec,
} from '@epinio/core';
import { eventually, FakeKube, FakeLog, systemClock } from '@epinio/core/testkit';
import type { PodTokens } from '../../start.ts';
import type { NodeConfig } from '../config.ts';
import { startNodeAgent, type NodeAgent } from '../index.ts';
import type { NodeTimings } from '../timings.ts';
import { gracefulKube } from './graceful-kube.ts';
import { ImageRegistry } from './image-registry.ts';

const NAMESPACE = 'apps';
/** How the tests of pods are run once more, for machines that are not as this one. */
const ISOLATION = (process.env['EPINIO_TEST_ISOLATION'] ?? 'auto') as NodeConfig['isolation'];

/** The API that this node is tested with has no service accounts. */
const NO_TOKENS: PodTokens = {
  keyId: '',
  request: () => Promise.reject(new Error('this API gives no tokens')),
};

export interface TestNodeOptions {
  readonly config?: Partial<NodeConfig>;
  readonly timings?: Partial<NodeTimings>;
  readonly objects?: readonly KubeObject[];
  /** Default: none is given. */
  readonly tokens?: PodTokens;
  /** Of an earlier node; default: a new one. */
  readonly folder?: string;
}

/** A node agent over a FakeKube and a registry, in a folder of its own. */
export class TestNode implements AsyncDisposable {
  readonly fake: FakeKube;
  readonly kube: Kube;
  readonly registry: ImageRegistry;
  readonly log = new FakeLog();
  readonly folder: string;
  readonly #options: TestNodeOptions;
  agent!: NodeAgent;
  #informers: ReturnType<typeof createInformers> | undefined;

  private constructor(options: TestNodeOptions, registry: ImageRegistry) {
    this.#options = options;
    this.registry = registry;
    this.fake = new FakeKube({ namespaces: [NAMESPACE, 'kube-node-lease'], objects: options.objects ?? [] });
    this.kube = gracefulKube(this.fake);
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'epinio-node-'));
    chmodSync(this.folder, 0o711);
  }

  static async start(options: TestNodeOptions = {}): Promise<TestNode> {
    const node = new TestNode(options, await ImageRegistry.start());
    await node.startAgent();
    return node;
  }

  async startAgent(): Promise<void> {
    const { kube, log } = this;
    this.#informers = createInformers(kube, { log, clock: systemClock });
    this.agent = await startNodeAgent({
      ...{ kube, log, clock: systemClock, informers: this.#informers, signal: new AbortController().signal },
      tokens: this.#options.tokens ?? NO_TOKENS,
      dataDirectory: this.folder,
      config: { node: { isolation: ISOLATION, ...this.#options.config } },
      timings: {
        crashBackoffMs: 50,
        pullBackoffMs: 50,
        retryMs: 100,
        portChecksMs: [100, 300, 1000],
        diskPollMs: 50,
        memoryPollMs: 50,
        ...this.#options.timings,
      },
    });
  }

  /** Whether bubblewrap keeps its pods apart. */
  get isSandboxed(): boolean {
    return this.log.entries.some(({ message }) => message === 'Pods are isolated');
  }

  /** Where the node keeps the pod's files. */
  podFolder(pod: Pod): string {
    return join(this.folder, 'node/pods', pod.metadata.uid ?? '');
  }

  /** Stops the agent, not the pods. */
  async closeAgent(): Promise<void> {
    await this.agent.close();
    await this.#informers?.close();
  }

  /** An image whose only content is a script at /workspace/run.js, run with Node.js. */
  async scriptImage(name: string, script: string): Promise<string> {
    return await this.registry.add(name, [{ at: 'workspace/run.js', content: script }], {
      WorkingDir: '/workspace',
      Entrypoint: ['node', 'run.js'],
    });
  }

  /** An image that runs a shell script, which is in its command: container paths in it mean something everywhere. */
  async shellImage(name: string, script: string): Promise<string> {
    return await this.registry.add(name, [{ at: 'workspace/name', content: name }], {
      WorkingDir: '/workspace',
      Entrypoint: ['/bin/sh', '-c', script],
    });
  }

  async createPod(
    name: string,
    spec: Partial<PodSpec> & Pick<PodSpec, 'containers'>,
    labels = {},
  ): Promise<Pod> {
    return await this.kube.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, labels },
      spec: { nodeName: 'epinio', terminationGracePeriodSeconds: 5, ...spec },
    });
  }

  async pod(name: string): Promise<Pod | undefined> {
    return await this.kube.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name });
  }

  /** Waits until the pod is as the check wants it. */
  async until(name: string, check: (pod: Pod) => boolean, what: string, timeoutMs = 10_000): Promise<Pod> {
    return await eventually(async () => {
      const pod = await this.pod(name);
      assert.ok(pod !== undefined, `pod ${name} is gone`);
      assert.ok(check(pod), `pod ${name} is not ${what}: ${JSON.stringify(pod.status)}`);
      return pod;
    }, timeoutMs);
  }

  untilReady(name: string): Promise<Pod> {
    return this.until(name, (pod) => conditionOf(pod, 'Ready')?.status === 'True', 'ready');
  }

  untilPhase(name: string, phase: string): Promise<Pod> {
    return this.until(name, (pod) => pod.status?.phase === phase, phase);
  }

  async untilGone(name: string): Promise<void> {
    await eventually(async () => assert.equal(await this.pod(name), undefined));
  }

  async deletePod(name: string, gracePeriodSeconds?: number): Promise<void> {
    await this.kube.delete(
      { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name },
      gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds },
    );
  }

  async logs(name: string, options: PodLogOptions = {}): Promise<string> {
    const container = options.container ?? (await this.pod(name))?.spec.containers[0]?.name ?? '';
    return await text(await this.agent.logs.read({ namespace: NAMESPACE, name }, { ...options, container }));
  }

  async events(reason: string): Promise<readonly EventObject[]> {
    const { items } = await this.kube.list<EventObject>({
      apiVersion: 'v1',
      kind: 'Event',
      namespace: NAMESPACE,
    });
    return items.filter((event) => event.reason === reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.stopAllPods(0);
    await this.#informers?.close();
    await this.fake[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function conditionOf(pod: Pod, type: string) {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** The real port behind the pod's only port. */
export function portOf(pod: Pod): number {
  const map = JSON.parse(pod.metadata.annotations?.['node.epinio.io/ports'] ?? '{}') as Record<
    string,
    number
  >;
  return Object.values(map)[0] ?? 0;
}

/** The status of the pod's first container. */
export function mainStatus(pod: Pod) {
  return pod.status?.containerStatuses?.[0];
}
