import type { Deployment, ReplicaSet } from '@epinio/core';

/** How far a rollout may go from the wanted number of replicas. */
export interface Bounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

export const wantedOf = ({ spec }: Deployment): number => spec.replicas ?? 1;
export const sizeOf = ({ spec }: ReplicaSet): number => spec.replicas ?? 1;

/** Its available pods; of those that it is about to delete none counts, though its status may still say so. */
export function availableOf(set: ReplicaSet): number {
  return Math.min(sizeOf(set), set.status?.availableReplicas ?? 0);
}

export function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

/** Percentages of the replicas: surge rounded up, unavailability down, and never both zero. */
export function boundsOf(deployment: Deployment): Bounds {
  const { strategy } = deployment.spec;
  if (strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: wantedOf(deployment) };
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {};
  const surge = share(maxSurge, wantedOf(deployment), Math.ceil);
  const unavailable = share(maxUnavailable, wantedOf(deployment), Math.floor);
  return surge === 0 && unavailable === 0
    ? { maxSurge: 0, maxUnavailable: 1 }
    : { maxSurge: surge, maxUnavailable: Math.min(unavailable, wantedOf(deployment)) };
}

function share(value: number | string, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return round((Number.parseInt(value, 10) * of) / 100);
}

/** The size that the new set may have now. */
export function newSetSize(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const wanted = wantedOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate' || current >= wanted) return wanted;
  const room = wanted + boundsOf(deployment).maxSurge - sum(all, sizeOf);
  return room <= 0 ? current : Math.min(wanted, current + room);
}

/**
 * The sizes that the old sets may have now in a rolling update, where they change: first what does not work is
 * taken away, then as much as the available pods allow; oldest first.
 */
export function oldSetSizes(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): ReadonlyMap<ReplicaSet, number> {
  const sizes = new Map<ReplicaSet, number>();
  const minAvailable = wantedOf(deployment) - boundsOf(deployment).maxUnavailable;
  const newUnavailable = sizeOf(newSet) - availableOf(newSet);
  let room = sum(oldSets, sizeOf) + sizeOf(newSet) - minAvailable - newUnavailable;
  const oldest = [...oldSets].filter((set) => sizeOf(set) > 0).sort(byAge);
  const shrink = (set: ReplicaSet, by: number): void => {
    if (by <= 0) return;
    sizes.set(set, (sizes.get(set) ?? sizeOf(set)) - by);
    room -= by;
  };
  for (const set of oldest) shrink(set, Math.min(room, sizeOf(set) - availableOf(set)));
  let spare = availableOf(newSet) + sum(oldest, availableOf) - minAvailable;
  for (const set of oldest) {
    const by = Math.min(room, spare, sizes.get(set) ?? sizeOf(set));
    shrink(set, by);
    spare -= Math.max(0, by);
  }
  return sizes;
}

/** The sizes of all sets after the deployment itself was scaled in the middle of a rollout: in proportion. */
export function proportionalSizes(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): ReadonlyMap<ReplicaSet, number> {
  const total = sum(sets, sizeOf);
  const wanted = wantedOf(deployment);
  const allowed = wanted === 0 ? 0 : wanted + boundsOf(deployment).maxSurge;
  let left = allowed - total;
  const sizes = new Map<ReplicaSet, number>();
  // Larger sets take more; what rounding leaves goes to the largest.
  const bySize = [...sets].sort((a, b) => sizeOf(b) - sizeOf(a) || byAge(b, a));
  for (const set of bySize) {
    const share = total === 0 ? 0 : Math.round((sizeOf(set) * (allowed - total)) / total);
    const by = left > 0 ? Math.min(left, Math.max(0, share)) : Math.max(left, Math.min(0, share));
    sizes.set(set, Math.max(0, sizeOf(set) + by));
    left -= by;
  }
  const [largest] = bySize;
  if (largest !== undefined && left !== 0) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + left));
  return sizes;
}

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '') ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}
