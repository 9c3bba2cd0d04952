import type { Node, Pod } from '@epinio/core';
import { isFinished, isReady, untilAvailable } from '../pods/pod-facts.ts';
import { fitOf, HASH_LABEL, nodeOf } from './daemon-pod.ts';
import type { DaemonSet } from './daemon-set-kind.ts';

/** What is to be done now: nodes that get a pod, and pods that go. */
export interface Step {
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Of those that go, the ones that have ended by themselves. */
  readonly ended: readonly Pod[];
}

const isLeaving = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
const age = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '');

/** Pods by the node that they are on or bound for, oldest first. */
export function byNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const nodes = new Map<string, Pod[]>();
  for (const pod of [...pods].sort((a, b) => age(a) - age(b))) {
    const node = nodeOf(pod) ?? '';
    nodes.set(node, [...(nodes.get(node) ?? []), pod]);
  }
  return nodes;
}

/** Pure: one pod on every node that is to have one; then the next step of a rolling update. */
export function nextStep(
  set: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  hash: string,
  now: number,
): Step {
  const onNode = byNode(pods);
  const create: string[] = [];
  const remove: Pod[] = [];
  const ended: Pod[] = [];
  for (const node of nodes) {
    const { name } = node.metadata;
    const present = onNode.get(name) ?? [];
    const { runs, stays } = fitOf(set, node);
    if (!stays) remove.push(...present.filter((pod) => !isLeaving(pod)));
    else if (runs && present.length === 0) create.push(name);
    else {
      const finished = present.filter((pod) => isFinished(pod) && !isLeaving(pod));
      const running = present.filter((pod) => !isFinished(pod) && !isLeaving(pod));
      ended.push(...finished);
      if (!surges(set)) remove.push(...running.slice(1));
      else if (running.length === 0 && runs && finished.length === 0) create.push(name);
      else if (running.length > 1) remove.push(...surplus(set, running, hash, now));
    }
  }
  // Pods of nodes that are gone.
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  for (const [node, present] of onNode)
    if (!known.has(node)) remove.push(...present.filter((pod) => !isLeaving(pod)));
  if (create.length + remove.length + ended.length > 0 || set.spec.updateStrategy?.type === 'OnDelete')
    return { create, remove: [...remove, ...ended], ended };
  return { ...rollingStep(set, nodes, onNode, hash, now), ended: [] };
}

/** Two pods may be on a node while the new one comes up beside an old one that is ready. */
function surplus(set: DaemonSet, running: readonly Pod[], hash: string, now: number): readonly Pod[] {
  const newest = running.find((pod) => isUpdated(pod, hash));
  const oldest = running.find((pod) => !isUpdated(pod, hash));
  const extra = running.filter((pod) => pod !== newest && pod !== oldest);
  if (newest === undefined || oldest === undefined) return extra;
  return !isReady(oldest) || isAvailable(set, newest, now) ? [...extra, oldest] : extra;
}

function rollingStep(
  set: DaemonSet,
  nodes: readonly Node[],
  onNode: ReadonlyMap<string, readonly Pod[]>,
  hash: string,
  now: number,
): Pick<Step, 'create' | 'remove'> {
  const wanted = nodes.filter((node) => fitOf(set, node).runs).map(({ metadata }) => metadata.name);
  const { maxSurge, maxUnavailable } = boundsOf(set, wanted.length);
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let busy = 0;
  for (const name of wanted) {
    const present = (onNode.get(name) ?? []).filter((pod) => !isLeaving(pod));
    const fresh = present.find((pod) => isUpdated(pod, hash));
    const old = present.find((pod) => !isUpdated(pod, hash));
    if (old === undefined || fresh !== undefined) {
      if (fresh === undefined || !isAvailable(set, fresh, now)) busy++;
    } else if (!isAvailable(set, old, now)) broken.push(old);
    else candidates.push(old);
  }
  if (maxSurge === 0) {
    // What does not work is replaced at once; of what works as many as may be missing.
    const room = Math.max(0, maxUnavailable - busy - broken.length);
    return { create: [], remove: [...broken, ...candidates.slice(0, room)] };
  }
  const room = Math.max(0, maxSurge - busy);
  const surging = [...broken, ...candidates.slice(0, room)];
  return { create: surging.flatMap((pod) => nodeOf(pod) ?? []), remove: [] };
}

export function isUpdated({ metadata }: Pod, hash: string): boolean {
  return metadata.labels?.[HASH_LABEL] === hash;
}

export function isAvailable({ spec }: DaemonSet, pod: Pod, now: number): boolean {
  return untilAvailable(pod, spec.minReadySeconds ?? 0, now) === 0;
}

function surges(set: DaemonSet): boolean {
  return set.spec.updateStrategy?.type !== 'OnDelete' && boundsOf(set, 1).maxSurge > 0;
}

function boundsOf(
  { spec }: DaemonSet,
  wanted: number,
): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const { maxSurge = 0, maxUnavailable = 1 } = spec.updateStrategy?.rollingUpdate ?? {};
  const share = (value: number | string): number =>
    typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * wanted) / 100);
  const surge = share(maxSurge);
  const unavailable = share(maxUnavailable);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}
