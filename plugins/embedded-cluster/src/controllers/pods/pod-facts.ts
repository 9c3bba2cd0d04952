import type { Pod, Service } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';

/** It has ended, and will not run again. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** It counts as a replica: neither ended nor about to be. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isReady({ status }: Pod): boolean {
  return conditionOf(status?.conditions, 'Ready')?.status === 'True';
}

/** Milliseconds until the pod counts as available: 0 when it does, undefined while it is not ready. */
export function untilAvailable(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  if (!isReady(pod)) return undefined;
  const since = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, Date.parse(since ?? '') + minReadySeconds * 1000 - now);
}

/** Whether the Service sends traffic to the pod; one without a selector has its endpoints from elsewhere. */
export function selects({ spec }: Service, { metadata }: Pod): boolean {
  const wanted = Object.entries(spec.selector ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => metadata.labels?.[name] === value);
}
