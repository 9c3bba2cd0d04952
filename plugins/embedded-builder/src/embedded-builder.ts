import { EpinioError, hasCode } from '@epinio/core';
import type {
  Builder,
  Clock,
  CollectionRef,
  Informer,
  Informers,
  Job,
  Kube,
  KubeObject,
  Log,
  LogLine,
} from '@epinio/core';
import type {
  LogOptions,
  PlatformSettings,
  Pod,
  Registry,
  RunHost,
  StagingRequest,
  StagingStatus,
  Storage,
} from '@epinio/core';
import { BuilderImage } from './builder-image/builder-image.ts';
import type { Config } from './config.ts';
import { failedContainer, failureMessage } from './staging/failure.ts';
import { untilFound } from './staging/follow.ts';
import { appSelector, CANCELED, LABELS, runNames, runSelector, STAGING_SELECTOR } from './staging/labels.ts';
import type { App } from './staging/labels.ts';
import { timedLines } from './staging/log-lines.ts';
import { runLog } from './staging/run-log.ts';
import { phaseOf } from './staging/run-state.ts';
import { startRun } from './staging/start-run.ts';

interface BuilderNeeds {
  readonly clock: Clock;
  readonly kube: Kube;
  readonly informers: Informers;
  readonly log: Log;
  readonly registry: Registry;
  readonly settings: PlatformSettings;
  readonly storage: Storage;
}

const FIELD_MANAGER = 'epinio/embedded-builder';
const LAST_LINES = 20;
const CATCH_UP_MS = 5_000;

/** Makes the builder; nothing is contacted. */
export async function createEmbeddedBuilder(needs: BuilderNeeds, config: Config): Promise<EmbeddedBuilder> {
  const repository = await needs.registry.repository('epinio/builder');
  const image = new BuilderImage(repository, { ...needs, buildpacks: config.buildpacks });
  return new EmbeddedBuilder(needs, config, image);
}

/** Staging runs as Kubernetes Jobs of the builder image. All state is in the cluster. */
export class EmbeddedBuilder implements Builder {
  readonly #needs: BuilderNeeds;
  readonly #config: Config;
  readonly #image: BuilderImage;
  readonly #namespace: string;

  constructor(needs: BuilderNeeds, config: Config, image: BuilderImage) {
    this.#needs = needs;
    this.#config = config;
    this.#image = image;
    this.#namespace = needs.settings.namespace;
  }

  get defaultImage(): string {
    return this.#image.reference;
  }

  /** The server side: pushes the builder image, so that the first staging run finds it. */
  async serve(host: RunHost): Promise<void> {
    const { signal } = host;
    await this.#image.publish();
    host.ready();
    if (signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  async start(request: StagingRequest, signal?: AbortSignal): Promise<void> {
    const builderImage = request.builderImage ?? this.#image.reference;
    if (!this.#image.fits(builderImage)) {
      throw new EpinioError(
        'BUILDER_IMAGE_UNSUPPORTED',
        `Builder image "${builderImage}" cannot be used by embedded-builder`,
        {
          fix: 'Leave the builder image out; for builders of Cloud Native Buildpacks use a platform on a Kubernetes cluster',
        },
      );
    }
    await this.#image.publish();
    const { kube, storage } = this.#needs;
    const namespace = this.#namespace;
    await startRun(request, { kube, storage, namespace, config: this.#config, builderImage, signal });
  }

  async status(id: string, signal?: AbortSignal): Promise<StagingStatus | undefined> {
    const job = await this.#readJob(id, signal);
    return job === undefined ? undefined : this.#statusOf(id, job, signal);
  }

  async wait(id: string, signal: AbortSignal): Promise<StagingStatus> {
    const begun = await this.#existing(id, signal);
    if (phaseOf(begun) !== 'running') return this.#statusOf(id, begun, signal);
    const jobs = this.#jobs();
    await this.#observed(jobs, id, signal);
    const ended = await untilFound(
      [jobs],
      (): { job: Job | undefined } | undefined => {
        const job = newest(jobs, this.#namespace, id);
        return job === undefined || phaseOf(job) !== 'running' ? { job } : undefined;
      },
      signal,
    );
    if (ended.job === undefined) return { id, phase: 'failed', message: 'the staging run was removed' };
    return this.#statusOf(id, ended.job, signal);
  }

  /** Ends without an error when the signal is aborted: the reader has gone. */
  async *logs(id: string, options: LogOptions = {}): AsyncGenerator<LogLine> {
    const { signal } = options;
    try {
      await this.#existing(id, signal);
      const [jobs, pods] = [this.#jobs(), this.#pods()];
      await Promise.all([this.#observed(jobs, id, signal), pods.synced(signal)]);
      yield* runLog({
        ...options,
        kube: this.#needs.kube,
        jobs,
        pods,
        findJob: () => newest(jobs, this.#namespace, id),
        findPod: () => newest(pods, this.#namespace, id),
        readPod: () => this.#readPod(id, signal),
      });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  }

  async cancel(id: string, signal?: AbortSignal): Promise<void> {
    const job = await this.#readJob(id, signal);
    if (job === undefined || phaseOf(job) !== 'running') return;
    const patch = {
      metadata: { annotations: { [CANCELED]: new Date(this.#needs.clock.now()).toISOString() } },
      spec: { suspend: true }, // the Job controller then removes its pods
    };
    try {
      await this.#needs.kube.patch(
        { ...this.#collection('batch/v1', 'Job'), name: job.metadata.name },
        { type: 'merge', patch },
        { fieldManager: FIELD_MANAGER, ...optional(signal) },
      );
    } catch (error) {
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
    }
  }

  async prune(app: App, keep?: string, signal?: AbortSignal): Promise<void> {
    await Promise.all(
      [this.#collection('batch/v1', 'Job'), this.#collection('v1', 'Secret')].map((collection) =>
        this.#removeRuns(collection, app, keep, signal),
      ),
    );
    if (keep !== undefined) return;
    const name = runNames({ id: '', app }).cache;
    await this.#delete({ ...this.#collection('v1', 'PersistentVolumeClaim'), name }, signal);
  }

  /** Secrets have their Jobs as owners; those of a start that was interrupted have none, and are removed here. */
  async #removeRuns(
    collection: CollectionRef,
    app: App,
    keep: string | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const labelSelector =
      keep === undefined ? appSelector(app) : `${appSelector(app)},${LABELS.stageId}!=${keep}`;
    const { items } = await this.#needs.kube.list(collection, {
      labelSelector,
      ...optional(signal),
    });
    await Promise.all(items.map(({ metadata: { name } }) => this.#delete({ ...collection, name }, signal)));
  }

  async #delete(ref: CollectionRef & { readonly name: string }, signal?: AbortSignal): Promise<void> {
    await this.#needs.kube.delete(ref, {
      propagation: 'Background',
      ...optional(signal),
    });
  }

  async #statusOf(id: string, job: Job, signal: AbortSignal | undefined): Promise<StagingStatus> {
    const phase = phaseOf(job);
    if (phase !== 'failed') return { id, phase };
    const pod = await this.#readPod(id, signal);
    const lastLines = await this.#lastLines(pod, signal);
    return {
      id,
      phase,
      message: failureMessage({ job, pod, lines: lastLines, config: this.#config }),
      lastLines,
    };
  }

  /** The end of the failed container's log, as far as it is still there. */
  async #lastLines(pod: Pod | undefined, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const container = failedContainer(pod);
    if (pod === undefined || container === undefined) return [];
    const { name, namespace = '' } = pod.metadata;
    const options = { container: container.name, tailLines: LAST_LINES, timestamps: true };
    const lines: string[] = [];
    try {
      const stream = await this.#needs.kube.logs({ namespace, name }, { ...options, ...optional(signal) });
      for await (const { message } of timedLines(stream)) lines.push(message);
    } catch (error) {
      signal?.throwIfAborted();
      this.#needs.log.debug('the log of a failed staging run cannot be read', {
        pod: name,
        error: String(error),
      });
    }
    return lines;
  }

  async #existing(id: string, signal: AbortSignal | undefined): Promise<Job> {
    const job = await this.#readJob(id, signal);
    if (job !== undefined) return job;
    throw new EpinioError('STAGING_NOT_FOUND', `There is no staging run "${id}"`, { status: 404 });
  }

  /** Waits until the live copy has the run, which was there a moment ago: it may be a moment behind. */
  async #observed(jobs: Informer<Job>, id: string, signal: AbortSignal | undefined): Promise<void> {
    await jobs.synced(signal);
    const late = AbortSignal.timeout(CATCH_UP_MS);
    try {
      await untilFound(
        [jobs],
        () => newest(jobs, this.#namespace, id),
        signal === undefined ? late : AbortSignal.any([late, signal]),
      );
    } catch (error) {
      if (!late.aborted || signal?.aborted === true) throw error;
      await this.#existing(id, signal); // removed meanwhile, and then this says so
    }
  }

  async #readJob(id: string, signal: AbortSignal | undefined): Promise<Job | undefined> {
    const { items } = await this.#needs.kube.list<Job>(this.#collection('batch/v1', 'Job'), {
      labelSelector: runSelector(id),
      ...optional(signal),
    });
    return items[0];
  }

  async #readPod(id: string, signal: AbortSignal | undefined): Promise<Pod | undefined> {
    const { items } = await this.#needs.kube.list<Pod>(this.#collection('v1', 'Pod'), {
      labelSelector: runSelector(id),
      ...optional(signal),
    });
    return items.at(-1);
  }

  #jobs(): Informer<Job> {
    return this.#needs.informers.open<Job>(this.#collection('batch/v1', 'Job'), {
      labelSelector: STAGING_SELECTOR,
    });
  }

  #pods(): Informer<Pod> {
    return this.#needs.informers.open<Pod>(this.#collection('v1', 'Pod'), {
      labelSelector: STAGING_SELECTOR,
    });
  }

  #collection(apiVersion: string, kind: string): CollectionRef & { readonly namespace: string } {
    return { apiVersion, kind, namespace: this.#namespace };
  }
}

function newest<T extends KubeObject>(informer: Informer<T>, namespace: string, id: string): T | undefined {
  return informer.list(namespace).findLast(({ metadata }) => metadata.labels?.[LABELS.stageId] === id);
}

function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
