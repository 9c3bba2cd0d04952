import type { Job, Pod } from '@epinio/core';
import { controllerOf } from '../machinery/ownership.ts';
import { isCounted } from './failure-policy.ts';
import { indexOf, type Indexes } from './indexes.ts';
import { policiesOf } from './job-policies.ts';
import type { JobPods, Outcome } from './outcome.ts';

/** Keeps a pod of a Job until the Job has counted it, whoever deletes the pod meanwhile. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';
const JOB_NAME = 'batch.kubernetes.io/job-name';
/** Pods that are counted in one go: the status names each of them for a moment. */
export const MAX_UNCOUNTED = 500;

/** Pods that have ended and still have the finalizer, by uid. */
export interface Uncounted {
  readonly succeeded: readonly string[];
  readonly failed: readonly string[];
}

/**
 * How a Job counts its pods: first the status names those that have ended, then they lose the finalizer, then they are
 * in the numbers. Whenever that is cut off, the next sync sees how far it came.
 */
export interface Tally {
  /** The numbers of the status, those named beside them not among them. */
  readonly counted: { readonly succeeded: number; readonly failed: number };
  readonly uncounted: Uncounted;
  /** Pods that lose the finalizer once the status names them. */
  readonly release: readonly Pod[];
  /** All that have failed and count, named or not. */
  readonly failures: number;
  readonly successes: number;
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(TRACKING) === true;
}

/** The finalizers of a pod that has been counted. */
export function releasedFinalizers({ metadata }: Pod): readonly string[] {
  return (metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING);
}

/** The Job whose matter a pod is, though it may not know its Job any more. */
export function trackedBy(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  if (owner !== undefined) return owner.kind === 'Job' ? owner.name : undefined;
  return isTracked(pod) ? pod.metadata.labels?.[JOB_NAME] : undefined;
}

/** Pure. @param outcome the end that the Job has come to: then all pods are counted that there are */
export function tallyOf(job: Job, pods: JobPods, indexes?: Indexes, outcome?: Outcome): Tally {
  const {
    succeeded = 0,
    failed = 0,
    uncountedTerminatedPods = {},
  } = (job.status ?? {}) as {
    readonly succeeded?: number;
    readonly failed?: number;
    readonly uncountedTerminatedPods?: Partial<Uncounted>;
  };
  const all = [...pods.succeeded, ...pods.failed, ...pods.terminating, ...pods.active];
  const tracked = new Set(all.filter(isTracked).map(uidOf));
  const named = {
    succeeded: uncountedTerminatedPods.succeeded ?? [],
    failed: uncountedTerminatedPods.failed ?? [],
  };
  const still = (uids: readonly string[]): string[] => uids.filter((uid) => tracked.has(uid));
  const uncounted = { succeeded: still(named.succeeded), failed: still(named.failed) };
  const counted = {
    succeeded: indexes?.succeeded.size ?? succeeded + named.succeeded.length - uncounted.succeeded.length,
    failed: failed + named.failed.length - uncounted.failed.length,
  };
  const isNamed = (pod: Pod): boolean =>
    uncounted.succeeded.includes(uidOf(pod)) || uncounted.failed.includes(uidOf(pod));
  // Those that the status names go first: what is begun is brought to its end.
  const before = new Set(all.filter(isTracked).filter(isNamed));
  const release: Pod[] = [];
  for (const pod of new Set([...before, ...all.filter(isTracked)])) {
    if (release.length >= MAX_UNCOUNTED) break;
    const hasSucceeded = pods.succeeded.includes(pod);
    const hasFailed = isFailed(job, pods, pod);
    if (!hasSucceeded && !hasFailed && outcome === undefined) continue;
    if (outcome === undefined && hasFailed && !before.has(pod) && isAwaited(job, pods, pod, indexes))
      continue;
    release.push(pod);
    const uid = uidOf(pod);
    if (hasSucceeded) {
      if (indexes === undefined && !uncounted.succeeded.includes(uid)) uncounted.succeeded.push(uid);
    } else if (hasFailed || outcome?.type === 'Failed') {
      const inRange = indexes === undefined || (indexOf(pod) ?? Infinity) < (job.spec.completions ?? 0);
      if (inRange && isCounted(job, pod) && !uncounted.failed.includes(uid)) uncounted.failed.push(uid);
    }
  }
  return {
    ...{ counted, uncounted, release },
    failures: counted.failed + uncounted.failed.length,
    successes: counted.succeeded + uncounted.succeeded.length,
  };
}

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? '';
}

/** A pod that is being deleted has failed, unless the Job waits until it has ended. */
function isFailed(job: Job, pods: JobPods, pod: Pod): boolean {
  if (pods.failed.includes(pod)) return true;
  return pods.terminating.includes(pod) && policiesOf(job).podReplacementPolicy !== 'Failed';
}

/** The last failure of an index with a limit of its own: the pod that follows takes its count over. */
function isAwaited(job: Job, pods: JobPods, pod: Pod, indexes: Indexes | undefined): boolean {
  const index = indexOf(pod);
  if (indexes === undefined || index === undefined || policiesOf(job).backoffLimitPerIndex === undefined)
    return false;
  if (indexes.failed.has(index) || indexes.succeeded.has(index)) return false;
  const made = Date.parse(pod.metadata.creationTimestamp ?? '');
  const later = [...pods.active, ...pods.terminating, ...pods.failed].some(
    (other) =>
      other !== pod &&
      indexOf(other) === index &&
      (pods.active.includes(other) || Date.parse(other.metadata.creationTimestamp ?? '') > made),
  );
  return !later;
}
