import type { ContainerStatus, Job, Pod } from '@epinio/core';
import { CANCELED } from './labels.ts';

export type RunPhase = 'running' | 'succeeded' | 'failed';

/** How far a run is, as its Job tells. A run that was cancelled has failed at once. */
export function phaseOf(job: Job): RunPhase {
  if (hasCondition(job, 'Complete')) return 'succeeded';
  if (hasCondition(job, 'Failed') || isCanceled(job)) return 'failed';
  return 'running';
}

export function isCanceled(job: Job): boolean {
  return job.metadata.annotations?.[CANCELED] !== undefined;
}

/**
 * True when the Job ended because its time was over. A Job controller that asks the pod to end may then see it
 * fail, and name that as the reason; so a pod that was made to end after the deadline counts, too.
 */
export function isTooLate(job: Job, pod: Pod | undefined): boolean {
  const failed = job.status?.conditions?.find(({ type }) => type === 'Failed');
  if (failed?.reason === 'DeadlineExceeded') return true;
  const { activeDeadlineSeconds = Infinity } = job.spec;
  const seconds =
    (Date.parse(failed?.lastTransitionTime ?? '') - Date.parse(job.status?.startTime ?? '')) / 1000;
  const wasEnded = pod === undefined || pod.metadata.deletionTimestamp !== undefined;
  return wasEnded && seconds >= activeDeadlineSeconds;
}

function hasCondition(job: Job, type: string): boolean {
  return (
    job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ??
    false
  );
}

/** Of all containers of a pod, init containers first, as they run. */
export function containerStatuses(pod: Pod): readonly ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

export function containerState(pod: Pod | undefined, container: string): 'waiting' | 'running' | 'ended' {
  const state = pod && containerStatuses(pod).find(({ name }) => name === container)?.state;
  if (state?.terminated !== undefined) return 'ended';
  return state?.running === undefined ? 'waiting' : 'running';
}

/** True when no container of the pod will start any more. */
export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
