import { messageOf, type Node, type Pod } from '@epinio/core';
import {
  defineController,
  follow,
  isAtLeast,
  keyOf,
  observed,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import type { EventRecorder } from '../machinery/event-recorder.ts';
import { claimOwned, controllerOf } from '../machinery/ownership.ts';
import { saysAll } from '../machinery/same-status.ts';
import { createPod, deletePod } from '../pods/pod-control.ts';
import { untilAvailable } from '../pods/pod-facts.ts';
import type { ControllerRevision } from '../revisions/controller-revision.ts';
import { RevisionHistory } from '../revisions/revision-history.ts';
import { daemonTemplate, HASH_LABEL } from './daemon-pod.ts';
import type { DaemonSet } from './daemon-set-kind.ts';
import { nextStep } from './next-step.ts';
import { daemonSetStatus } from './status.ts';

/** A daemon that ends is made anew after a pause, which doubles with each. */
const FAILED_PAUSE_MS = 1000;
const MAX_FAILED_PAUSE_MS = 15 * 60_000;

/** Keeps a pod on every node that is to have one: here there is one node. */
export function daemonSetController(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const sets = informers.open<DaemonSet>({ apiVersion: 'apps/v1', kind: 'DaemonSet' });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  const nodes = informers.open<Node>({ apiVersion: 'v1', kind: 'Node' });
  const revisions = informers.open<ControllerRevision>({ apiVersion: 'apps/v1', kind: 'ControllerRevision' });
  const history = new RevisionHistory(context, revisions, HASH_LABEL);
  const failures = new Map<string, { readonly count: number; readonly at: number }>();

  return defineController(context, {
    name: 'daemonset-controller',
    informers: [sets, pods, nodes, revisions],

    subscribe: (queue) => [
      follow(sets, (set, type) => {
        if (type === 'deleted') failures.delete(set.metadata.uid ?? '');
        queue.add(keyOf(set));
      }),
      follow(pods, (pod) => {
        const owner = controllerOf(pod);
        if (owner?.kind === 'DaemonSet') queue.add(`${pod.metadata.namespace ?? ''}/${owner.name}`);
      }),
      nodes.subscribe(() => {
        for (const set of sets.list()) queue.add(keyOf(set));
      }),
    ],

    async sync(key, { queue, events }, signal) {
      const { namespace, name } = splitKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const owned = await claimOwned(kube, set, set.spec.selector, pods);
      const past = await history.current(set, signal);
      const hash = past.update.metadata.labels?.[HASH_LABEL] ?? '';
      const pauseMs = await take(set, owned, hash, events, signal);
      if (pauseMs > 0) queue.addAfter(key, pauseMs);
      const present = pods.list(namespace).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
      await writeStatus(set, present, hash);
      const hashes = new Set(present.map(({ metadata }) => metadata.labels?.[HASH_LABEL]));
      const live = past.revisions.filter(({ metadata }) => hashes.has(metadata.labels?.[HASH_LABEL]));
      const kept = new Set([past.update, ...live].map(({ metadata }) => metadata.name));
      await history.truncate(set, past.revisions, kept);
      const { minReadySeconds = 0 } = set.spec;
      const waits = present.map((pod) => untilAvailable(pod, minReadySeconds, clock.now()) ?? 0);
      if (Math.max(0, ...waits) > 0) queue.addAfter(key, Math.min(...waits.filter((ms) => ms > 0)));
    },
  });

  /** @returns milliseconds until a daemon that has ended may be made anew */
  async function take(
    set: DaemonSet,
    owned: readonly Pod[],
    hash: string,
    events: EventRecorder,
    signal: AbortSignal,
  ): Promise<number> {
    const step = nextStep(set, nodes.list(), owned, hash, clock.now());
    const pauseMs = step.ended.length > 0 ? pauseAfterEnd(set) : 0;
    if (pauseMs > 0) return pauseMs;
    for (const pod of step.ended) tellEnd(set, pod, events);
    for (const pod of step.remove) {
      await deletePod(kube, pod);
      events.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
      const isGoing = (seen: Pod | undefined): boolean =>
        seen?.metadata.uid !== pod.metadata.uid || seen?.metadata.deletionTimestamp !== undefined;
      await observed(context, pods, refTo(pod), isGoing, signal);
    }
    for (const node of step.create) {
      try {
        const pod = await createPod(kube, set, daemonTemplate(set, hash, node));
        events.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
        await observed(context, pods, refTo(pod), (seen) => isAtLeast(seen, pod), signal);
      } catch (error) {
        events.event(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
        throw error;
      }
    }
    return 0;
  }

  function pauseAfterEnd({ metadata }: DaemonSet): number {
    const uid = metadata.uid ?? '';
    const now = clock.now();
    const { count, at } = failures.get(uid) ?? { count: 0, at: 0 };
    const pauseMs = count === 0 ? 0 : Math.min(FAILED_PAUSE_MS * 2 ** (count - 1), MAX_FAILED_PAUSE_MS);
    const left = at + pauseMs - now;
    if (left > 0 && left <= pauseMs) return left; // a clock that jumped back lengthens nothing
    // After a long time of peace the count begins anew.
    failures.set(uid, { count: now - at > 2 * MAX_FAILED_PAUSE_MS ? 1 : count + 1, at: now });
    return 0;
  }

  function tellEnd(set: DaemonSet, { metadata, spec, status }: Pod, events: EventRecorder): void {
    const where = `${metadata.namespace ?? ''}/${metadata.name} on node ${spec.nodeName ?? ''}`;
    if (status?.phase === 'Failed')
      events.event(
        set,
        'Warning',
        'FailedDaemonPod',
        `Found failed daemon pod ${where}, will try to kill it`,
      );
    else
      events.event(
        set,
        'Normal',
        'SucceededDaemonPod',
        `Found succeeded daemon pod ${where}, will try to delete it`,
      );
  }

  async function writeStatus(set: DaemonSet, present: readonly Pod[], hash: string): Promise<void> {
    const status = daemonSetStatus(set, nodes.list(), present, hash, clock.now());
    if (saysAll(set.status, status)) return;
    const { uid } = set.metadata;
    await kube.patch(
      refTo(set),
      { type: 'merge', patch: { metadata: { uid }, status } },
      { subresource: 'status' },
    );
  }
}
