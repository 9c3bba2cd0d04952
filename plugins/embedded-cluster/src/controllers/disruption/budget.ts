import type { Pod } from '@epinio/core';
import { isReady } from '../pods/pod-facts.ts';
import type { PodDisruptionBudget } from './disruption-budget-kind.ts';

/** A pod that was to be evicted and is still there after so long counts again. */
export const DELETION_MS = 2 * 60_000;

/** What a budget comes to, as its status has it. */
export interface Reckoning {
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly disruptionsAllowed: number;
  readonly disruptedPods: Readonly<Record<string, string>>;
}

/** Counts the pods of a budget. @param scale how many pods their controllers are to have together */
export function reckon(
  { spec, status = {} }: PodDisruptionBudget,
  pods: readonly Pod[],
  scale: number,
  now: number,
): Reckoning {
  const disruptedPods = Object.fromEntries(
    Object.entries(status.disruptedPods ?? {}).filter(
      ([name, time]) =>
        pods.some(({ metadata }) => metadata.name === name && metadata.deletionTimestamp === undefined) &&
        Date.parse(time) + DELETION_MS >= now,
    ),
  );
  const currentHealthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined && !(pod.metadata.name in disruptedPods) && isReady(pod),
  ).length;
  const { expectedPods, desiredHealthy } = wanted(spec, pods.length, scale);
  const spare = currentHealthy - desiredHealthy;
  const disruptionsAllowed = expectedPods <= 0 || spare <= 0 ? 0 : spare;
  return { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed, disruptedPods };
}

function wanted(
  { minAvailable, maxUnavailable }: PodDisruptionBudget['spec'],
  present: number,
  scale: number,
): Pick<Reckoning, 'expectedPods' | 'desiredHealthy'> {
  if (maxUnavailable !== undefined)
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - share(maxUnavailable, scale)) };
  if (typeof minAvailable === 'number') return { expectedPods: present, desiredHealthy: minAvailable };
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  return { expectedPods: scale, desiredHealthy: share(minAvailable, scale) };
}

/** Whether a budget is reckoned by what controllers are to have, not by the pods that are there. */
export function needsScale({ spec: { minAvailable, maxUnavailable } }: PodDisruptionBudget): boolean {
  return maxUnavailable !== undefined || typeof minAvailable === 'string';
}

/** A percentage is rounded up. */
function share(value: number | string, of: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * of) / 100);
}
