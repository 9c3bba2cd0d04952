import type { Pod } from '@epinio/core';
import { isFinished, isReady, untilAvailable } from '../pods/pod-facts.ts';
import { isInRange, ordinalOf, revisionOf, startOf, wantedOf } from './identity.ts';
import type { StatefulSet } from './stateful-set-kind.ts';

/** The names of the two revisions that a set is of. */
export interface Revisions {
  readonly current: string;
  readonly update: string;
}

/** What is to be done now. What comes after it shows when this is done. */
export interface Step {
  readonly create: readonly { readonly ordinal: number; readonly revision: string }[];
  readonly remove: readonly Pod[];
}

/**
 * Pure: the next step towards as many pods as the set wants, of the revision that each is to be of. In order, one at a
 * time, each when those before it are available; with `Parallel` all at once, but for replacements.
 */
export function nextStep(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, now: number): Step {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod] as const));
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel';
  const step = { create: [] as Step['create'][number][], remove: [] as Pod[] };
  const isAvailable = (pod: Pod): boolean => availability(set, pod, now) === 0;

  for (let ordinal = startOf(set); ordinal < startOf(set) + wantedOf(set); ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) {
      step.create.push({ ordinal, revision: revisionFor(set, ordinal, revisions) });
      if (isOrdered) return step;
    } else if (isFinished(pod)) {
      // Made anew once it is gone, whatever the policy.
      if (!isLeaving(pod)) step.remove.push(pod);
      return step;
    } else if (isOrdered && (isLeaving(pod) || !isAvailable(pod))) return step;
  }

  const condemned = pods
    .filter((pod) => !isInRange(set, ordinalOf(set, pod) ?? -1))
    .sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
  const firstUnhealthy = [...condemned].reverse().find((pod) => isLeaving(pod) || !isReady(pod));
  for (const pod of condemned) {
    if (isLeaving(pod)) {
      if (isOrdered) return step;
      continue;
    }
    // One that is not well goes at once only when none below it is unwell.
    if (isOrdered && !isAvailable(pod) && pod !== firstUnhealthy) return step;
    step.remove.push(pod);
    if (isOrdered) return step;
  }
  if (step.create.length > 0 || step.remove.length > 0 || set.spec.updateStrategy?.type === 'OnDelete')
    return step;
  return { ...step, remove: outdated(set, byOrdinal, revisions, isAvailable) };
}

/** Highest number first, one at a time, down to the partition; the next when all above are available again. */
function outdated(
  set: StatefulSet,
  byOrdinal: ReadonlyMap<number | undefined, Pod>,
  { update }: Revisions,
  isAvailable: (pod: Pod) => boolean,
): readonly Pod[] {
  const lowest = startOf(set) + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0);
  for (let ordinal = startOf(set) + wantedOf(set) - 1; ordinal >= lowest; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) return [];
    if (revisionOf(pod) !== update && !isLeaving(pod)) return [pod];
    if (isLeaving(pod) || !isAvailable(pod)) return [];
  }
  return [];
}

/** New pods below the partition are of the revision before the update. */
function revisionFor(set: StatefulSet, ordinal: number, { current, update }: Revisions): string {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return update;
  const below =
    rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
  return ordinal < startOf(set) + below ? current : update;
}

export function isLeaving({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Milliseconds until it counts as available: 0 when it does, undefined while it is not running and ready. */
export function availability(set: StatefulSet, pod: Pod, now: number): number | undefined {
  if (pod.status?.phase !== 'Running') return undefined;
  return untilAvailable(pod, set.spec.minReadySeconds ?? 0, now);
}
