import type { Condition, Job } from '@epinio/core';
import { formatIndexes } from '../../kinds/workloads/index-set.ts';
import { conditionOf, withCondition } from '../machinery/conditions.ts';
import { rfc3339 } from '../machinery/rfc3339.ts';
import { isReady } from '../pods/pod-facts.ts';
import type { Indexes } from './indexes.ts';
import { policiesOf } from './job-policies.ts';
import type { JobPods, Outcome } from './outcome.ts';
import type { Tally, Uncounted } from './tracking.ts';

type JobStatus = NonNullable<Job['status']>;

/** What the status of a Job tells. */
export interface Told {
  readonly startTime: string | undefined;
  readonly outcome: Outcome | undefined;
  readonly isSuspended: boolean;
  /** Of an Indexed job. */
  readonly indexes: Indexes | undefined;
  readonly tally: Tally;
  /** Whether all that have ended are counted with this. */
  readonly isLast: boolean;
}

/** The end is told when the last pod has ended and all are counted: until then the outcome is. */
export function isOver(owned: JobPods, { outcome, isLast }: Told): boolean {
  return isLast && outcome !== undefined && owned.active.length + owned.terminating.length === 0;
}

/** Pure. */
export function jobStatus(job: Job, owned: JobPods, told: Told, now: number): JobStatus & MoreStatus {
  const { startTime, outcome, isSuspended, indexes, tally } = told;
  const ends = isOver(owned, told);
  const { succeeded, failed } = tally.uncounted;
  const uncountedTerminatedPods = {
    ...(succeeded.length === 0 ? {} : { succeeded }),
    ...(failed.length === 0 ? {} : { failed }),
  };
  return {
    active: owned.active.length,
    ready: owned.active.filter(isReady).length,
    terminating: owned.terminating.length,
    ...tally.counted,
    uncountedTerminatedPods,
    ...(indexes === undefined ? {} : indexedStatus(job, indexes)),
    ...(startTime === undefined ? {} : { startTime }),
    ...(ends && outcome?.type === 'Complete' ? { completionTime: rfc3339(now) } : {}),
    conditions: conditionsOf(job, outcome, ends, isSuspended, now),
  };
}

function conditionsOf(
  job: Job,
  outcome: Outcome | undefined,
  isOver: boolean,
  isSuspended: boolean,
  now: number,
): readonly Condition[] {
  let conditions: readonly Condition[] = job.status?.conditions ?? [];
  if (outcome !== undefined) {
    const { reason, message } = outcome;
    const target = outcome.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    conditions = withCondition(conditions, { type: target, status: 'True', reason, message }, now);
    if (isOver)
      conditions = withCondition(conditions, { type: outcome.type, status: 'True', reason, message }, now);
  }
  if (isSuspended) {
    return withCondition(
      conditions,
      { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' },
      now,
    );
  }
  return conditionOf(conditions, 'Suspended')?.status === 'True'
    ? withCondition(
        conditions,
        { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' },
        now,
      )
    : conditions;
}

interface MoreStatus {
  readonly terminating: number;
  readonly uncountedTerminatedPods: Partial<Uncounted>;
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
}

function indexedStatus(
  job: Job,
  { succeeded, failed }: Indexes,
): Pick<MoreStatus, 'completedIndexes' | 'failedIndexes'> {
  const completedIndexes = formatIndexes(succeeded);
  const perIndex = policiesOf(job).backoffLimitPerIndex !== undefined;
  return {
    ...(completedIndexes === '' ? {} : { completedIndexes }),
    ...(perIndex ? { failedIndexes: formatIndexes(failed) } : {}),
  };
}
