import { EpinioError, hasCode } from '@epinio/core';
import type { Builder, Clock, CollectionRef, Informers, Job, Kube, Log, LogLine } from '@epinio/core';
import type { LogOptions, PlatformSettings, Registry, RunHost } from '@epinio/core';
import type { StagingRequest, StagingStatus, Storage } from '@epinio/core';
import { BuilderImage } from './builder-image/builder-image.ts';
import type { Config } from './config.ts';
import { failureMessage } from './staging/failure.ts';
import { untilFound } from './staging/follow.ts';
import { appSelector, CANCELED, LABELS, runNames } from './staging/labels.ts';
import type { App } from './staging/labels.ts';
import { runLog } from './staging/run-log.ts';
import { phaseOf } from './staging/run-state.ts';
import { optional, Runs } from './staging/runs.ts';
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
  readonly #runs: Runs;

  constructor(needs: BuilderNeeds, config: Config, image: BuilderImage) {
    this.#needs = needs;
    this.#config = config;
    this.#image = image;
    this.#runs = new Runs({ ...needs, namespace: needs.settings.namespace });
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
    const { kube, storage, settings } = this.#needs;
    const { namespace } = settings;
    await startRun(request, { kube, storage, namespace, config: this.#config, builderImage, signal });
  }

  async status(id: string, signal?: AbortSignal): Promise<StagingStatus | undefined> {
    const job = await this.#runs.readJob(id, signal);
    return job === undefined ? undefined : this.#statusOf(id, job, signal);
  }

  async wait(id: string, signal: AbortSignal): Promise<StagingStatus> {
    const begun = await this.#runs.existing(id, signal);
    if (phaseOf(begun) !== 'running') return this.#statusOf(id, begun, signal);
    const jobs = await this.#runs.observed(id, signal);
    const ended = await untilFound(
      [jobs],
      (): { job: Job | undefined } | undefined => {
        const job = this.#runs.find(jobs, id);
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
    const runs = this.#runs;
    try {
      await runs.existing(id, signal);
      const { pods } = runs;
      const [jobs] = await Promise.all([runs.observed(id, signal), pods.synced(signal)]);
      yield* runLog({
        ...options,
        kube: this.#needs.kube,
        jobs,
        pods,
        findJob: () => runs.find(jobs, id),
        findPod: () => runs.find(pods, id),
        readPod: () => runs.readPod(id, signal),
      });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  }

  async cancel(id: string, signal?: AbortSignal): Promise<void> {
    const job = await this.#runs.readJob(id, signal);
    if (job === undefined || phaseOf(job) !== 'running') return;
    const patch = {
      metadata: { annotations: { [CANCELED]: new Date(this.#needs.clock.now()).toISOString() } },
      spec: { suspend: true }, // the Job controller then removes its pods
    };
    try {
      await this.#needs.kube.patch(
        { ...this.#runs.collection('batch/v1', 'Job'), name: job.metadata.name },
        { type: 'merge', patch },
        { fieldManager: FIELD_MANAGER, ...optional(signal) },
      );
    } catch (error) {
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
    }
  }

  async prune(app: App, keep?: string, signal?: AbortSignal): Promise<void> {
    await Promise.all(
      [this.#runs.collection('batch/v1', 'Job'), this.#runs.collection('v1', 'Secret')].map((collection) =>
        this.#removeRuns(collection, app, keep, signal),
      ),
    );
    if (keep !== undefined) return;
    const name = runNames({ id: '', app }).cache;
    await this.#delete({ ...this.#runs.collection('v1', 'PersistentVolumeClaim'), name }, signal);
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
    const pod = await this.#runs.readPod(id, signal);
    const lastLines = await this.#runs.lastLines(pod, signal);
    const message = failureMessage({ job, pod, lines: lastLines, config: this.#config });
    return { id, phase, message, lastLines };
  }
}
