import { hasCode, messageOf, type Informer, type PersistentVolumeClaim, type Pod } from '@epinio/core';
import { equal } from '../../json.ts';
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
import { deletePod } from '../pods/pod-control.ts';
import { templateOf, type ControllerRevision } from '../revisions/controller-revision.ts';
import { RevisionHistory, type History } from '../revisions/revision-history.ts';
import { claimOwners } from './claim-retention.ts';
import { claimsOf, ordinalOf, podOf, revisionOf } from './identity.ts';
import { availability, isLeaving, nextStep, type Revisions } from './next-step.ts';
import type { StatefulSet } from './stateful-set-kind.ts';
import { statefulSetStatus } from './status.ts';

const HASH_LABEL = 'controller.kubernetes.io/hash';

/** Keeps numbered pods, each with a name and claims of its own, and replaces them in order. */
export function statefulSetController(context: ControllerContext): Controller {
  const { kube, informers, clock } = context;
  const sets = informers.open<StatefulSet>({ apiVersion: 'apps/v1', kind: 'StatefulSet' });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  const claims = informers.open<PersistentVolumeClaim>({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  const revisions = informers.open<ControllerRevision>({ apiVersion: 'apps/v1', kind: 'ControllerRevision' });
  const history = new RevisionHistory(context, revisions, HASH_LABEL);

  return defineController(context, {
    name: 'statefulset-controller',
    informers: [sets, pods, claims, revisions],

    subscribe: (queue) => [
      follow(sets, (set) => queue.add(keyOf(set))),
      follow(pods, (pod, type) => {
        const { namespace = '' } = pod.metadata;
        const owner = controllerOf(pod);
        if (owner?.kind === 'StatefulSet') queue.add(`${namespace}/${owner.name}`);
        else if (owner === undefined && type !== 'deleted') {
          for (const set of sets.list(namespace))
            if (ordinalOf(set, pod) !== undefined) queue.add(keyOf(set));
        }
      }),
    ],

    async sync(key, { queue, events }, signal) {
      const { namespace, name } = splitKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined) return;
      const owned = await ownPods(set);
      const past = await history.current(set, signal);
      const names = revisionNames(set, past);
      let failure: unknown;
      if (!isDeleted(set)) {
        await keepClaims(set, owned);
        failure = await take(set, owned, past, names, events, signal).catch((error: unknown) => error);
      }
      const present = pods.list(namespace).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
      await writeStatus(set, present, names);
      const live = new Set([names.current, names.update, ...present.map(revisionOf)]);
      await history.truncate(set, past.revisions, live);
      const waits = present.map((pod) => availability(set, pod, clock.now()) ?? 0).filter((ms) => ms > 0);
      if (waits.length > 0) queue.addAfter(key, Math.min(...waits));
      if (failure !== undefined) throw failure instanceof Error ? failure : new Error(messageOf(failure));
    },
  });

  /** Pods that are named after the set; others that match its selector are nobody's business. */
  async function ownPods(set: StatefulSet): Promise<readonly Pod[]> {
    const named: Pick<Informer<Pod>, 'list'> = {
      list: (namespace) => pods.list(namespace).filter((pod) => ordinalOf(set, pod) !== undefined),
    };
    return await claimOwned(kube, set, set.spec.selector, named);
  }

  async function take(
    set: StatefulSet,
    owned: readonly Pod[],
    past: History,
    names: Revisions,
    events: EventRecorder,
    signal: AbortSignal,
  ): Promise<undefined> {
    const step = nextStep(set, owned, names, clock.now());
    const told = (verb: string, pod: string): void =>
      events.event(
        set,
        'Normal',
        verb === 'create' ? 'SuccessfulCreate' : 'SuccessfulDelete',
        `${verb} Pod ${pod} in StatefulSet ${set.metadata.name} successful`,
      );
    for (const { ordinal, revision } of step.create) {
      const known = past.revisions.find(({ metadata }) => metadata.name === revision);
      const template = known === undefined ? set.spec.template : templateOf(known);
      const pod = podOf(set, template, revision, ordinal);
      try {
        await makeClaims(set, ordinal, pod.metadata.name, events, signal);
        const made = await kube.create<Pod>(pod);
        told('create', made.metadata.name);
        await observed(context, pods, refTo(made), (seen) => isAtLeast(seen, made), signal);
      } catch (error) {
        // Its namesake is on its way out, or somebody else's.
        const message = `create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`;
        events.event(set, 'Warning', 'FailedCreate', message);
        throw error;
      }
    }
    for (const pod of step.remove) {
      await deletePod(kube, pod);
      told('delete', pod.metadata.name);
      const isGoing = (seen: Pod | undefined): boolean =>
        seen?.metadata.uid !== pod.metadata.uid || isLeaving(seen as Pod);
      await observed(context, pods, refTo(pod), isGoing, signal);
    }
    return undefined;
  }

  async function makeClaims(
    set: StatefulSet,
    ordinal: number,
    pod: string,
    events: EventRecorder,
    signal: AbortSignal,
  ): Promise<void> {
    for (const { claim } of claimsOf(set, ordinal)) {
      const { namespace, name } = claim.metadata;
      const present = claims.get(namespace, name);
      if (present !== undefined) {
        if (present.metadata.deletionTimestamp !== undefined) throw new Error(`pvc ${name} is being deleted`);
        continue;
      }
      try {
        const made = await kube.create<PersistentVolumeClaim>(claim);
        const message = `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`;
        events.event(set, 'Normal', 'SuccessfulCreate', message);
        await observed(context, claims, refTo(made), (seen) => isAtLeast(seen, made), signal);
      } catch (error) {
        if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
      }
    }
  }

  /** Lets claims belong to what they are to go with. */
  async function keepClaims(set: StatefulSet, owned: readonly Pod[]): Promise<void> {
    for (const pod of owned) {
      for (const { claim } of claimsOf(set, ordinalOf(set, pod) ?? 0)) {
        const present = claims.get(claim.metadata.namespace, claim.metadata.name);
        if (present === undefined) continue;
        const wanted = claimOwners(set, pod, present);
        const { uid, resourceVersion, ownerReferences = [] } = present.metadata;
        if (equal(wanted, ownerReferences)) continue;
        const metadata = { uid, resourceVersion, ownerReferences: wanted };
        await kube.patch(refTo(present), { type: 'merge', patch: { metadata } });
      }
    }
  }

  async function writeStatus(set: StatefulSet, present: readonly Pod[], names: Revisions): Promise<void> {
    const status = statefulSetStatus(set, present, names, clock.now());
    if (saysAll(set.status, status)) return;
    const { uid } = set.metadata;
    const patch = { metadata: { uid }, status };
    await kube.patch(refTo(set), { type: 'merge', patch }, { subresource: 'status' });
  }
}

function isDeleted({ metadata }: StatefulSet): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The revision that the set was at, as long as there is one of this name, and the one that it is going to. */
function revisionNames(set: StatefulSet, { revisions, update }: History): Revisions {
  const before = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision);
  return { current: (before ?? update).metadata.name, update: update.metadata.name };
}
