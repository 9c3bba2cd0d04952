import { messageOf, type Condition, type LabelSelector, type Pod, type ReplicaSet } from '@epinio/core';
import { withCondition } from './machinery/conditions.ts';
import {
  defineController,
  follow,
  keyOf,
  observed,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
} from './machinery/controller.ts';
import { saysAll } from './machinery/same-status.ts';
import { claimOwned, controllerOf } from './machinery/ownership.ts';
import { createPod, deletePod } from './pods/pod-control.ts';
import { isActive, isReady, untilAvailable } from './pods/pod-facts.ts';
import { deletionOrder } from './pods/deletion-order.ts';

/** More pods than this are made in several turns. */
const BURST = 100;

/** Keeps as many pods of a template as a ReplicaSet asks for. */
export function replicaSetController(context: ControllerContext): Controller {
  return replicasController(context, {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'replicaset-controller' },
    selectorOf: ({ spec }) => spec.selector,
  });
}

/** As a ReplicaSet; its selector is a map of labels. */
export function replicationController(context: ControllerContext): Controller {
  return replicasController(context, {
    ...{ apiVersion: 'v1', kind: 'ReplicationController', name: 'replication-controller' },
    selectorOf: ({ spec }) => ({ matchLabels: spec.selector as Readonly<Record<string, string>> }),
  });
}

interface ReplicasKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Of the controller, as events have it. */
  readonly name: string;
  readonly selectorOf: (set: ReplicaSet) => LabelSelector;
}

function replicasController(
  context: ControllerContext,
  { apiVersion, kind, name: controller, selectorOf }: ReplicasKind,
): Controller {
  const { kube, informers, clock } = context;
  const sets = informers.open<ReplicaSet>({ apiVersion, kind });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });

  return defineController(context, {
    name: controller,
    informers: [sets, pods],

    subscribe: (queue) => [
      follow(sets, (set) => queue.add(keyOf(set))),
      follow(pods, (pod, type) => {
        const { namespace = '' } = pod.metadata;
        const owner = controllerOf(pod);
        if (owner?.kind === kind) queue.add(`${namespace}/${owner.name}`);
        // A pod without an owner may be one's that looks for more.
        else if (owner === undefined && type !== 'deleted') {
          for (const set of sets.list(namespace)) if (lacks(set)) queue.add(keyOf(set));
        }
      }),
    ],

    async sync(key, { queue, events }, signal) {
      const { namespace, name } = splitKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined) return;
      const owned = await claimOwned(kube, set, selectorOf(set), pods);
      const active = owned.filter(isActive);
      const wanted = set.spec.replicas ?? 1;
      let failure: string | undefined;
      if (set.metadata.deletionTimestamp === undefined) {
        failure = await scale(set, active, wanted).catch((error: unknown) => messageOf(error));
      }
      const current = pods
        .list(namespace)
        .filter((pod) => controllerOf(pod)?.uid === set.metadata.uid)
        .filter(isActive);
      await writeStatus(set, current, failure);
      const waits = current
        .map((pod) => untilAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now()))
        .filter((ms) => ms !== undefined && ms > 0) as number[];
      if (waits.length > 0) queue.addAfter(key, Math.min(...waits));
      if (failure !== undefined) throw new Error(failure);

      async function scale(owner: ReplicaSet, present: readonly Pod[], count: number): Promise<undefined> {
        const missing = Math.min(count - present.length, BURST);
        for (let made = 0; made < missing; made++) {
          const pod = await create(owner);
          await observed(context, pods, refTo(pod), (seen) => seen !== undefined, signal);
        }
        const spare = present.length - count;
        if (spare <= 0) return;
        for (const pod of [...present].sort(deletionOrder).slice(0, spare)) {
          await deletePod(kube, pod);
          events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
          const isGone = (seen: Pod | undefined): boolean =>
            seen === undefined || !isActive(seen) || seen.metadata.uid !== pod.metadata.uid;
          await observed(context, pods, refTo(pod), isGone, signal);
        }
      }

      async function create(owner: ReplicaSet): Promise<Pod> {
        try {
          const pod = await createPod(kube, owner, owner.spec.template ?? { spec: { containers: [] } });
          events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
          return pod;
        } catch (error) {
          events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
          throw error;
        }
      }
    },
  });

  function lacks(set: ReplicaSet): boolean {
    return (set.status?.replicas ?? 0) < (set.spec.replicas ?? 1);
  }

  async function writeStatus(
    set: ReplicaSet,
    active: readonly Pod[],
    failure: string | undefined,
  ): Promise<void> {
    const labels = Object.entries(set.spec.template?.metadata?.labels ?? {});
    const now = clock.now();
    const minReady = set.spec.minReadySeconds ?? 0;
    const status: NonNullable<ReplicaSet['status']> = {
      replicas: active.length,
      fullyLabeledReplicas: active.filter(({ metadata }) =>
        labels.every(([name, value]) => metadata.labels?.[name] === value),
      ).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: active.filter((pod) => untilAvailable(pod, minReady, now) === 0).length,
      observedGeneration: set.metadata.generation ?? 0,
      conditions: conditionsOf(set, active.length, failure, now),
    };
    if (saysAll(set.status, status)) return;
    const { uid } = set.metadata;
    const patch = { metadata: { uid }, status };
    await kube.patch(refTo(set), { type: 'merge', patch }, { subresource: 'status' });
  }
}

function conditionsOf(
  set: ReplicaSet,
  count: number,
  failure: string | undefined,
  now: number,
): readonly Condition[] {
  const before = set.status?.conditions ?? [];
  if (failure === undefined) return before.filter(({ type }) => type !== 'ReplicaFailure');
  const reason = count < (set.spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
  return withCondition(before, { type: 'ReplicaFailure', status: 'True', reason, message: failure }, now);
}
