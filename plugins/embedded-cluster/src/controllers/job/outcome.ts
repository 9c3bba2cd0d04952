import type { Condition, Job, Pod } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';
import { failJobMessage } from './failure-policy.ts';
import { indexedOutcome } from './indexed-outcome.ts';
import type { Indexes } from './indexes.ts';
import { policiesOf } from './job-policies.ts';
import { tallyOf } from './tracking.ts';

/** Why a job has come to its end. */
export interface Outcome {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** The pods of a job, told apart. */
export interface JobPods {
  readonly active: readonly Pod[];
  /** Being deleted, and not ended yet. */
  readonly terminating: readonly Pod[];
  readonly succeeded: readonly Pod[];
  readonly failed: readonly Pod[];
}

export function sortPods(pods: readonly Pod[]): JobPods {
  const phase = ({ status }: Pod): string => status?.phase ?? 'Pending';
  const isLeaving = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
  // Its node has said that nothing of it runs any more, or it never had one.
  const isGone = (pod: Pod): boolean => isLeaving(pod) && pod.metadata.deletionGracePeriodSeconds === 0;
  const isEnded = (pod: Pod): boolean => phase(pod) === 'Succeeded' || phase(pod) === 'Failed' || isGone(pod);
  return {
    active: pods.filter((pod) => !isEnded(pod) && !isLeaving(pod)),
    terminating: pods.filter((pod) => !isEnded(pod) && isLeaving(pod)),
    succeeded: pods.filter((pod) => phase(pod) === 'Succeeded'),
    failed: pods.filter((pod) => phase(pod) !== 'Succeeded' && isEnded(pod)),
  };
}

/** Whether the job has ended before; it is then left alone but for its time to live. */
export function endOf(job: Job): Condition | undefined {
  const { conditions } = job.status ?? {};
  return ['Complete', 'Failed']
    .map((type) => conditionOf(conditions, type))
    .find((each) => each?.status === 'True');
}

/** The failures that count against backoffLimit. */
export function countedFailures(job: Job, failures: number, active: readonly Pod[]): number {
  const restarts =
    job.spec.template.spec.restartPolicy === 'OnFailure'
      ? active.reduce((total, pod) => total + restartsOf(pod), 0)
      : 0;
  return failures + restarts;
}

/** The end that the job has come to, if it has; pure. @param indexes of an Indexed job */
export function decideOutcome(
  job: Job,
  pods: JobPods,
  startedAt: number,
  now: number,
  indexes?: Indexes,
): Outcome | undefined {
  const { backoffLimit = 6, activeDeadlineSeconds, completions } = job.spec;
  // What was decided stands: pods that are ended for it fail too, and must not become the reason.
  const target = conditionOf(job.status?.conditions, 'FailureTarget');
  if (target?.status === 'True') {
    return { type: 'Failed', reason: target.reason ?? '', message: target.message ?? '' };
  }
  const met = conditionOf(job.status?.conditions, 'SuccessCriteriaMet');
  if (met?.status === 'True') {
    return { type: 'Complete', reason: met.reason ?? '', message: met.message ?? '' };
  }
  for (const pod of pods.failed) {
    const message = failJobMessage(job, pod);
    if (message !== undefined) return { type: 'Failed', reason: 'PodFailurePolicy', message };
  }
  const { failures, successes } = tallyOf(job, pods, indexes);
  if (countedFailures(job, failures, pods.active) > backoffLimit) {
    return {
      type: 'Failed',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    };
  }
  if (activeDeadlineSeconds !== undefined && now - startedAt >= activeDeadlineSeconds * 1000) {
    return {
      type: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline',
    };
  }
  if (indexes !== undefined) return indexedOutcome(job, indexes);
  // Without a number, one success is enough, once the others have come to their end.
  const isComplete =
    completions === undefined ? successes > 0 && pods.active.length === 0 : successes >= completions;
  if (!isComplete) return undefined;
  return {
    type: 'Complete',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  };
}

/**
 * How many pods the job wants to have running. One that is being deleted takes the place of one where it is replaced
 * only when it has ended.
 */
export function wantedActive(job: Job, { active, terminating }: JobPods, done: number): number {
  const { parallelism = 1, completions } = job.spec;
  const leaving = policiesOf(job).podReplacementPolicy === 'Failed' ? terminating.length : 0;
  if (completions !== undefined) return Math.max(0, Math.min(parallelism, completions - done) - leaving);
  return done > 0 ? active.length : Math.max(0, parallelism - leaving);
}

function restartsOf({ status }: Pod): number {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return all.reduce((total, { restartCount }) => total + restartCount, 0);
}
