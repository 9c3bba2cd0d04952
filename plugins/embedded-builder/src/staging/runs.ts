import { EpinioError } from '@epinio/core';
import type { CollectionRef, Informer, Informers, Job, Kube, KubeObject, Log, Pod } from '@epinio/core';
import { failedContainer } from './failure.ts';
import { untilFound } from './follow.ts';
import { LABELS, runSelector, STAGING_SELECTOR } from './labels.ts';
import { timedLines } from './log-lines.ts';

export interface RunsNeeds {
  readonly kube: Kube;
  readonly informers: Informers;
  readonly log: Log;
  /** The platform's own: it has the Jobs and pods of all runs. */
  readonly namespace: string;
}

const LAST_LINES = 20;
/** How far a live copy may be behind the API server. */
const CATCH_UP_MS = 5_000;

/** The staging runs of the platform, found by their id: from the API server, or in live copies. */
export class Runs {
  readonly #needs: RunsNeeds;

  constructor(needs: RunsNeeds) {
    this.#needs = needs;
  }

  collection(apiVersion: string, kind: string): CollectionRef & { readonly namespace: string } {
    return { apiVersion, kind, namespace: this.#needs.namespace };
  }

  /** A live copy of all runs, shared. */
  get jobs(): Informer<Job> {
    const collection = this.collection('batch/v1', 'Job');
    return this.#needs.informers.open<Job>(collection, { labelSelector: STAGING_SELECTOR });
  }

  /** A live copy of their pods, shared. */
  get pods(): Informer<Pod> {
    return this.#needs.informers.open<Pod>(this.collection('v1', 'Pod'), { labelSelector: STAGING_SELECTOR });
  }

  /** The run in a live copy. */
  find<T extends KubeObject>(copy: Informer<T>, id: string): T | undefined {
    return copy
      .list(this.#needs.namespace)
      .findLast(({ metadata }) => metadata.labels?.[LABELS.stageId] === id);
  }

  async readJob(id: string, signal: AbortSignal | undefined): Promise<Job | undefined> {
    return this.#read<Job>(this.collection('batch/v1', 'Job'), id, signal);
  }

  async readPod(id: string, signal: AbortSignal | undefined): Promise<Pod | undefined> {
    return this.#read<Pod>(this.collection('v1', 'Pod'), id, signal);
  }

  /** Fails with `STAGING_NOT_FOUND`. */
  async existing(id: string, signal: AbortSignal | undefined): Promise<Job> {
    const job = await this.readJob(id, signal);
    if (job !== undefined) return job;
    throw new EpinioError('STAGING_NOT_FOUND', `There is no staging run "${id}"`, { status: 404 });
  }

  /** The live copy of runs, once it has this one, which was there a moment ago: it may be a moment behind. */
  async observed(id: string, signal: AbortSignal | undefined): Promise<Informer<Job>> {
    const { jobs } = this;
    await jobs.synced(signal);
    const late = AbortSignal.timeout(CATCH_UP_MS);
    const either = signal === undefined ? late : AbortSignal.any([late, signal]);
    try {
      await untilFound([jobs], () => this.find(jobs, id), either);
    } catch (error) {
      if (!late.aborted || signal?.aborted === true) throw error;
      await this.existing(id, signal); // removed meanwhile, and then this says so
    }
    return jobs;
  }

  /** The end of a failed container's log, as far as it is still there. */
  async lastLines(pod: Pod | undefined, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const container = failedContainer(pod)?.name;
    if (pod === undefined || container === undefined) return [];
    const { name, namespace = '' } = pod.metadata;
    const lines: string[] = [];
    try {
      const options = { container, tailLines: LAST_LINES, timestamps: true, ...optional(signal) };
      const stream = await this.#needs.kube.logs({ namespace, name }, options);
      for await (const { message } of timedLines(stream)) lines.push(message);
    } catch (error) {
      signal?.throwIfAborted();
      const fields = { pod: name, error: String(error) };
      this.#needs.log.debug('the log of a failed staging run cannot be read', fields);
    }
    return lines;
  }

  async #read<T extends KubeObject>(
    collection: CollectionRef,
    id: string,
    signal: AbortSignal | undefined,
  ): Promise<T | undefined> {
    const options = { labelSelector: runSelector(id), ...optional(signal) };
    const { items } = await this.#needs.kube.list<T>(collection, options);
    return items.at(-1);
  }
}

/** A signal as an option that is left out when there is none. */
export function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
