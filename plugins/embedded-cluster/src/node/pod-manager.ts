import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { messageOf, type Informer, type InformerEvent, type Pod } from '@epinio/core';
import type { PodRef } from '../api/node-access.ts';
import { listAttempts } from './container/attempt-record.ts';
import type { NodeContext } from './node-context.ts';
import { PodWorker } from './pod/pod-worker.ts';
import { ContainerRun } from './supervisor/container-run.ts';

const SWEEP_MS = 30_000;
/** Names of new Services are known to pods after this long. */
const HOSTS_MS = 100;

/** Runs the pods that are bound to this node: one worker each. */
export class PodManager {
  readonly #node: NodeContext;
  /** By uid. */
  readonly #workers = new Map<string, PodWorker>();
  readonly #leaving = new Set<Promise<void>>();
  #unsubscribe: (() => void) | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #hosts: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;

  constructor(node: NodeContext) {
    this.#node = node;
  }

  /** Takes up all pods; those that the API does not know any more are killed first. */
  async start(pods: Informer<Pod>): Promise<void> {
    const known = new Set(pods.list().map(({ metadata }) => metadata.uid));
    await Promise.all(
      this.#folders()
        .filter((uid) => !known.has(uid))
        .map((uid) => this.#removeStray(uid)),
    );
    this.#unsubscribe = pods.subscribe((event) => this.#onEvent(event));
    for (const object of pods.list()) this.#onEvent({ type: 'added', object });
    this.onServices(); // those that are running have the Services of an earlier time
    this.#sweepSoon();
    this.#renewal = setInterval(() => {
      for (const worker of this.#workers.values()) worker.renewTokens();
    }, this.#node.timings.tokenCheckMs).unref();
  }

  /** The pod that has the name now. */
  find({ namespace, name }: PodRef): PodWorker | undefined {
    return [...this.#workers.values()].find((worker) => {
      const { metadata } = worker.pod();
      return metadata.namespace === namespace && metadata.name === name;
    });
  }

  /** Services are others now; what comes at one time is met by one look. */
  onServices(): void {
    this.#hosts ??= setTimeout(() => {
      this.#hosts = undefined;
      this.#writeHosts();
    }, HOSTS_MS).unref();
  }

  #writeHosts(): void {
    for (const worker of this.#workers.values()) {
      try {
        worker.writeHosts();
      } catch (error) {
        const fields = { pod: worker.pod().metadata.name, reason: messageOf(error) };
        this.#node.log.warn('Names of Services could not be told to a pod', fields);
      }
    }
  }

  /** An object that pods may refer to has changed. */
  onReferenced(kind: string, namespace: string | undefined, name: string): void {
    for (const worker of this.#workers.values()) {
      const isClaim = kind === 'PersistentVolumeClaim' && worker.pod().metadata.namespace === namespace;
      if (isClaim || worker.dependsOn(kind, namespace, name) || worker.isWaitingIn(namespace)) worker.poke();
    }
  }

  /** Ends all containers; their pods stay, and begin again with the next start. */
  async shutDown(graceMs: number): Promise<void> {
    this.#unsubscribe?.();
    await Promise.all([...this.#workers.values()].map((worker) => worker.shutDown(graceMs)));
  }

  /** Stops looking at the pods, which go on. */
  async close(): Promise<void> {
    this.#unsubscribe?.();
    clearTimeout(this.#sweep);
    clearTimeout(this.#hosts);
    clearInterval(this.#renewal);
    for (const worker of this.#workers.values()) worker.release();
    await Promise.all(this.#leaving);
  }

  #onEvent({ type, object }: InformerEvent<Pod>): void {
    const { uid = '' } = object.metadata;
    const worker = this.#workers.get(uid);
    if (type === 'deleted') {
      if (worker !== undefined) this.#leave(uid, worker);
      return;
    }
    if (worker !== undefined) {
      worker.update(object);
      return;
    }
    if (object.spec.nodeName !== this.#node.config.name) return;
    const created = new PodWorker(this.#node, object);
    this.#workers.set(uid, created);
    created.start();
  }

  #leave(uid: string, worker: PodWorker): void {
    this.#workers.delete(uid);
    const leaving = worker
      .gone()
      .catch((error: unknown) => {
        this.#node.log.error('What a pod has left could not be removed', { uid, reason: messageOf(error) });
      })
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    this.#sweepSoon();
  }

  /** Kills and removes what is left of a pod that was deleted while nobody looked. */
  async #removeStray(uid: string): Promise<void> {
    const { layout, boot, log } = this.#node;
    const folder = layout.pod(uid);
    if (existsSync(folder.containers)) {
      for (const container of readdirSync(folder.containers)) {
        for (const attempt of listAttempts(folder.container(container))) {
          const run = ContainerRun.adopt(folder.attempt(container, attempt).run, true);
          if (run?.exit !== undefined || run === undefined) continue;
          log.info('A container of a pod that is gone is killed', { uid, container, boot });
          await run.kill();
        }
      }
    }
    await rm(folder.root, { recursive: true, force: true });
  }

  #folders(): readonly string[] {
    return readdirSync(this.#node.layout.pods);
  }

  #sweepSoon(): void {
    this.#sweep ??= setTimeout(() => {
      this.#sweep = undefined;
      const inUse = new Set([...this.#workers.values()].flatMap((worker) => worker.digests));
      this.#node.images.sweep(inUse).catch((error: unknown) => {
        this.#node.log.warn('Unused images could not be removed', { reason: messageOf(error) });
      });
    }, SWEEP_MS).unref();
  }
}
