import type { Pod } from '@epinio/core';
import { isReady } from './pod-facts.ts';

/** Sorts the pods that are missed least to the front: unassigned, pending, not ready, restarted often, young. */
export function deletionOrder(a: Pod, b: Pod): number {
  for (const rank of RANKS) {
    const difference = rank(a) - rank(b);
    if (difference !== 0) return difference;
  }
  return 0;
}

const PHASES = ['Pending', 'Unknown', 'Running'];

const RANKS: readonly ((pod: Pod) => number)[] = [
  ({ spec }) => (spec.nodeName === undefined ? 0 : 1),
  ({ status }) => PHASES.indexOf(status?.phase ?? 'Pending'),
  (pod) => (isReady(pod) ? 1 : 0),
  // kubernetes.io/docs: Pod deletion cost
  ({ metadata }) => Number(metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0,
  ({ status }) => -Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
  ({ metadata }) => -Date.parse(metadata.creationTimestamp ?? ''),
];
