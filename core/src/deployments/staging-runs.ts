import type { AppName } from '../apps/app-object.ts';
import type { Caches } from '../apps/caches.ts';
import { labels } from '../apps/labels.ts';
import { shownDuration, type Timeouts } from '../apps/timeouts.ts';
import type { Builder, LogLine, LogOptions, StagingStatus } from '../contracts/builder.ts';
import { EpinioError, hasCode } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { readState } from './app-state.ts';
import { type DeploymentRecord, isFinished } from './record.ts';

export interface StagingRunsDeps {
  readonly builder: Builder;
  readonly caches: Pick<Caches, 'secrets' | 'apps'>;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
}

/** Between the moment that a run's id is known and the moment that the builder has it. */
const STARTING_MS = 30_000;
const LOOK_MS = 50;

/** Who a staging run belongs to, and the newest deployment that uses it. */
export interface RunOwner {
  readonly app: AppName;
  readonly record: DeploymentRecord | undefined;
}

/** Staging runs as their applications' users see them: only those of the namespace that they ask for. */
export class StagingRuns {
  readonly #deps: StagingRunsDeps;

  constructor(deps: StagingRunsDeps) {
    this.#deps = deps;
  }

  /** Fails with `STAGING_NOT_FOUND` when no application of the namespace has such a run. */
  owner(namespace: string, stageId: string): RunOwner {
    const { caches } = this.#deps;
    for (const secret of caches.secrets.list(namespace)) {
      const name = secret.metadata.labels?.[labels.name];
      if (secret.metadata.labels?.[labels.area] !== 'deployment' || name === undefined) continue;
      const { records, built } = readState(secret);
      const record = records.findLast((one) => one.stageId === stageId);
      const isLast = caches.apps.get(namespace, name)?.spec.stageid === stageId;
      if (record !== undefined || built?.stageId === stageId || isLast)
        return { app: { namespace, name }, record };
    }
    throw new EpinioError('STAGING_NOT_FOUND', `no staging run '${stageId}' in namespace '${namespace}'`, {
      status: 500,
    });
  }

  /** Waits for the end of a run, as long as published. Fails with `STAGING_NOT_FOUND` and `STAGING_TIMEOUT`. */
  async wait(namespace: string, stageId: string, signal: AbortSignal): Promise<StagingStatus> {
    const owner = this.owner(namespace, stageId);
    const { stagingMs } = this.#deps.timeouts;
    const deadline = AbortSignal.timeout(stagingMs);
    const both = AbortSignal.any([signal, deadline]);
    try {
      await this.#started(owner, stageId, both);
      return await this.#deps.builder.wait(stageId, both);
    } catch (error) {
      if (signal.aborted || !deadline.aborted) throw error;
      throw new EpinioError(
        'STAGING_TIMEOUT',
        `staging run '${stageId}' is not done after ${shownDuration(stagingMs)}`,
        {
          status: 500,
        },
      );
    }
  }

  /** The log of a run from its beginning; with `follow`, until it has ended. */
  async *logs(
    owner: RunOwner,
    stageId: string,
    options: LogOptions & { readonly signal: AbortSignal },
  ): AsyncGenerator<LogLine> {
    await this.#started(owner, stageId, options.signal);
    yield* this.#deps.builder.logs(stageId, options);
  }

  /** Waits while a deployment that is under way has announced the run and the builder does not have it yet. */
  async #started(owner: RunOwner, stageId: string, signal: AbortSignal): Promise<void> {
    const { builder, clock } = this.#deps;
    const end = clock.elapsed() + STARTING_MS;
    const mayStart = owner.record !== undefined && !isFinished(owner.record);
    while ((await builder.status(stageId, signal)) === undefined) {
      if (!mayStart || clock.elapsed() >= end) {
        throw new EpinioError('STAGING_NOT_FOUND', `staging run '${stageId}' is not kept any more`, {
          status: 500,
        });
      }
      await clock.sleep(LOOK_MS, signal);
    }
  }
}

/** True for a run whose log is no longer there. */
export function isRunGone(error: unknown): boolean {
  return hasCode(error, 'STAGING_NOT_FOUND');
}
