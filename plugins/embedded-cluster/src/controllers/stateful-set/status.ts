import type { Pod } from '@epinio/core';
import { isReady } from '../pods/pod-facts.ts';
import { revisionOf, wantedOf } from './identity.ts';
import { availability, isLeaving, type Revisions } from './next-step.ts';
import type { StatefulSet, StatefulSetStatus } from './stateful-set-kind.ts';

/** What `kubectl rollout status` and others read; pure. */
export function statefulSetStatus(
  set: StatefulSet,
  pods: readonly Pod[],
  { current, update }: Revisions,
  now: number,
): StatefulSetStatus {
  const count = (of: (pod: Pod) => boolean): number => pods.filter(of).length;
  const counts = {
    replicas: pods.length,
    readyReplicas: count((pod) => pod.status?.phase === 'Running' && isReady(pod)),
    availableReplicas: count((pod) => availability(set, pod, now) === 0),
    currentReplicas: count((pod) => revisionOf(pod) === current && !isLeaving(pod)),
    updatedReplicas: count((pod) => revisionOf(pod) === update && !isLeaving(pod)),
  };
  const wanted = wantedOf(set);
  const isDone =
    set.spec.updateStrategy?.type !== 'OnDelete' &&
    [counts.updatedReplicas, counts.readyReplicas, counts.replicas].every((each) => each === wanted);
  return {
    observedGeneration: set.metadata.generation ?? 0,
    ...counts,
    currentReplicas: isDone ? counts.updatedReplicas : counts.currentReplicas,
    currentRevision: isDone ? update : current,
    updateRevision: update,
    collisionCount: 0,
  };
}
