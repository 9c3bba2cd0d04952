import type { Node, Pod } from '@epinio/core';
import { isReady } from '../pods/pod-facts.ts';
import { fitOf } from './daemon-pod.ts';
import type { DaemonSet, DaemonSetStatus } from './daemon-set-kind.ts';
import { byNode, isAvailable, isUpdated } from './next-step.ts';

/** What `kubectl rollout status` and others read; pure. */
export function daemonSetStatus(
  set: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  hash: string,
  now: number,
): DaemonSetStatus {
  const onNode = byNode(pods);
  const daemonOf = (node: Node): Pod | undefined => onNode.get(node.metadata.name)?.[0];
  const wanted = nodes.filter((node) => fitOf(set, node).runs);
  const present = wanted.flatMap((node) => daemonOf(node) ?? []);
  const count = (of: (pod: Pod) => boolean): number => present.filter(of).length;
  const available = count((pod) => isAvailable(set, pod, now));
  return {
    observedGeneration: set.metadata.generation ?? 0,
    desiredNumberScheduled: wanted.length,
    currentNumberScheduled: present.length,
    numberMisscheduled: nodes.filter((node) => !wanted.includes(node) && daemonOf(node) !== undefined).length,
    numberReady: count(isReady),
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
    updatedNumberScheduled: count((pod) => isUpdated(pod, hash)),
  };
}
