import {
  hasCode,
  type Deployment,
  type Informer,
  type KubeObject,
  type Pod,
  type ReplicaSet,
} from '@epinio/core';
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
import { claimOwned, controllerOf, controllerReference } from '../machinery/ownership.ts';
import { saysAll } from '../machinery/same-status.ts';
import { isFinished } from '../pods/pod-facts.ts';
import {
  DESIRED_REPLICAS,
  isScaled,
  MAX_REPLICAS,
  REVISION,
  revisionOf,
  setAnnotations,
  surplusSets,
} from './revisions.ts';
import { boundsOf, byAge, newSetSize, oldSetSizes, proportionalSizes, sizeOf, wantedOf } from './sizes.ts';
import { deploymentStatus, isComplete, untilStuck } from './status.ts';
import { hashedTemplate, isOfTemplate, TEMPLATE_HASH, templateHash } from './template.ts';

/** The sets of a deployment. */
interface Sets {
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
}

/** Rolls out the template of a Deployment: one ReplicaSet a template, scaled against each other. */
export function deploymentController(context: ControllerContext): Controller {
  const { informers } = context;
  const deployments = informers.open<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment' });
  const sets = informers.open<ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet' });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });
  return defineController(context, {
    name: 'deployment-controller',
    informers: [deployments, sets, pods],

    subscribe: (queue) => [
      follow(deployments, (deployment) => queue.add(keyOf(deployment))),
      follow(sets, (set) => {
        const owner = controllerOf(set);
        if (owner?.kind === 'Deployment') queue.add(`${set.metadata.namespace ?? ''}/${owner.name}`);
      }),
      // Recreate waits until the last old pod is gone.
      follow(pods, (pod, type) => {
        if (type !== 'deleted') return;
        const { namespace = '' } = pod.metadata;
        const set = sets.get(namespace, controllerOf(pod)?.name ?? '');
        const owner = set && controllerOf(set);
        if (owner?.kind === 'Deployment') queue.add(`${namespace}/${owner.name}`);
      }),
    ],

    async sync(key, { queue, events }, signal) {
      const { namespace, name } = splitKey(key);
      const deployment = deployments.get(namespace, name);
      if (deployment === undefined) return;
      const rollout = new Rollout({ context, deployment, sets, pods, events, signal });
      const afterMs = await rollout.advance();
      if (afterMs !== undefined) queue.addAfter(key, afterMs);
    },
  });
}

/** One look at a deployment, and the step that follows from it. */
class Rollout {
  readonly #context: ControllerContext;
  readonly #deployment: Deployment;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;
  readonly #signal: AbortSignal;

  constructor(options: {
    readonly context: ControllerContext;
    readonly deployment: Deployment;
    readonly sets: Informer<ReplicaSet>;
    readonly pods: Informer<Pod>;
    readonly events: EventRecorder;
    readonly signal: AbortSignal;
  }) {
    this.#context = options.context;
    this.#deployment = options.deployment;
    this.#sets = options.sets;
    this.#pods = options.pods;
    this.#events = options.events;
    this.#signal = options.signal;
  }

  /** @returns milliseconds until it is to be looked at again though nothing changes */
  async advance(): Promise<number | undefined> {
    const { kube, clock } = this.#context;
    const deployment = this.#deployment;
    const owned = await claimOwned(kube, deployment, deployment.spec.selector, this.#sets);
    let state = split(deployment, owned);
    if (deployment.metadata.deletionTimestamp === undefined) {
      if (deployment.spec.paused === true || isScaled(deployment, owned))
        state = await this.#scaleOnly(state);
      else if (deployment.spec.strategy?.type === 'Recreate') state = await this.#recreate(state);
      else state = await this.#roll(state);
    }
    const status = deploymentStatus(deployment, state.newSet, state.oldSets, clock.now());
    if (!saysAll(deployment.status, status)) {
      const { uid } = deployment.metadata;
      const patch = { metadata: { uid }, status };
      await kube.patch(refTo(deployment), { type: 'merge', patch }, { subresource: 'status' });
    }
    if (isComplete(deployment, status)) {
      for (const set of surplusSets(deployment, state.oldSets)) await kube.delete(refTo(set));
    }
    return untilStuck(deployment, status, clock.now());
  }

  async #roll(before: Sets): Promise<Sets> {
    const { newSet, oldSets } = await this.#withNewSet(before);
    if (newSet === undefined) return { newSet, oldSets };
    const size = newSetSize(this.#deployment, [newSet, ...oldSets], sizeOf(newSet));
    if (size !== sizeOf(newSet)) return { newSet: await this.#resize(newSet, size), oldSets };
    const sizes = oldSetSizes(this.#deployment, newSet, oldSets);
    return { newSet, oldSets: await this.#resizeAll(oldSets, (set) => sizes.get(set)) };
  }

  /** No new pod before the last old one is gone. */
  async #recreate({ newSet, oldSets }: Sets): Promise<Sets> {
    const shrunk = await this.#resizeAll(oldSets, () => 0);
    const uids = new Set(oldSets.map(({ metadata }) => metadata.uid));
    const left = this.#pods
      .list(this.#deployment.metadata.namespace)
      .filter((pod) => uids.has(controllerOf(pod)?.uid) && !isFinished(pod));
    if (left.length > 0) return { newSet, oldSets: shrunk };
    const state = await this.#withNewSet({ newSet, oldSets: shrunk });
    const wanted = wantedOf(this.#deployment);
    if (state.newSet === undefined || sizeOf(state.newSet) === wanted) return state;
    return { ...state, newSet: await this.#resize(state.newSet, wanted) };
  }

  /** The deployment's own size has changed, or it is paused: nothing is rolled out, all sets grow or shrink. */
  async #scaleOnly({ newSet, oldSets }: Sets): Promise<Sets> {
    const all = newSet === undefined ? oldSets : [newSet, ...oldSets];
    const active = all.filter((set) => sizeOf(set) > 0);
    const wanted = wantedOf(this.#deployment);
    const sizes = new Map<ReplicaSet, number>();
    const [only] = active.length === 0 ? [newSet ?? [...oldSets].sort(byAge).at(-1)] : active;
    if (active.length <= 1) {
      if (only !== undefined) sizes.set(only, wanted);
    } else if (
      newSet !== undefined &&
      sizeOf(newSet) === wanted &&
      newSet.status?.availableReplicas === wanted
    ) {
      for (const set of active) if (set !== newSet) sizes.set(set, 0);
    } else {
      for (const [set, size] of proportionalSizes(this.#deployment, active)) sizes.set(set, size);
    }
    const resized = async (set: ReplicaSet): Promise<ReplicaSet> =>
      await this.#resize(set, sizes.get(set) ?? sizeOf(set));
    return {
      newSet: newSet && (await resized(newSet)),
      oldSets: await Promise.all(oldSets.map(resized)),
    };
  }

  /** Makes the set of the present template, or brings its annotations up to date. */
  async #withNewSet({ newSet, oldSets }: Sets): Promise<Sets> {
    const deployment = this.#deployment;
    const latest = Math.max(0, ...oldSets.map(revisionOf));
    const revision = newSet !== undefined && revisionOf(newSet) > latest ? revisionOf(newSet) : latest + 1;
    const set =
      newSet === undefined ? await this.#create(revision, oldSets) : await this.#annotate(newSet, revision);
    if (set !== undefined && deployment.metadata.annotations?.[REVISION] !== String(revisionOf(set))) {
      const metadata = { annotations: { [REVISION]: String(revisionOf(set)) } };
      // With the status: the revision is no change of the deployment, and does not count as a generation.
      await this.#context.kube.patch(
        refTo(deployment),
        { type: 'merge', patch: { metadata } },
        { subresource: 'status' },
      );
    }
    return { newSet: set, oldSets };
  }

  async #create(revision: number, oldSets: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> {
    const deployment = this.#deployment;
    const { namespace = '', name } = deployment.metadata;
    for (let collisions = 0; ; collisions++) {
      const hash = templateHash(deployment.spec.template, collisions);
      const size = newSetSize(deployment, oldSets, 0);
      const template = hashedTemplate(deployment.spec.template, hash);
      const { selector, minReadySeconds } = deployment.spec;
      const set: ReplicaSet = {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: {
          namespace,
          name: `${name}-${hash}`,
          labels: template.metadata?.labels ?? {},
          annotations: { ...setAnnotations(deployment, undefined, revision), ...this.#sizeAnnotations() },
          ownerReferences: [controllerReference(deployment)],
        },
        spec: {
          replicas: size,
          ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
          selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
          template,
        },
      };
      try {
        const created = await this.#context.kube.create<ReplicaSet>(set);
        this.#told('Scaled up', created, 0, size);
        await this.#observed(created);
        return created;
      } catch (error) {
        if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
        const present = await this.#context.kube.get<ReplicaSet>(refTo(set));
        // Made by an earlier look whose end nobody saw, or on its way out: the next look knows.
        if (present === undefined || controllerOf(present)?.uid === deployment.metadata.uid) throw error;
      }
    }
  }

  async #annotate(set: ReplicaSet, revision: number): Promise<ReplicaSet> {
    const annotations = { ...setAnnotations(this.#deployment, set, revision), ...this.#sizeAnnotations() };
    const { minReadySeconds = 0 } = this.#deployment.spec;
    const isSame =
      Object.entries(annotations).every(([name, value]) => set.metadata.annotations?.[name] === value) &&
      (set.spec.minReadySeconds ?? 0) === minReadySeconds;
    if (isSame) return set;
    const patch = { metadata: { annotations }, spec: { minReadySeconds } };
    const written = await this.#context.kube.patch<ReplicaSet>(refTo(set), { type: 'merge', patch });
    await this.#observed(written);
    return written;
  }

  /** @param size undefined for those that stay as they are */
  async #resizeAll(
    sets: readonly ReplicaSet[],
    size: (set: ReplicaSet) => number | undefined,
  ): Promise<readonly ReplicaSet[]> {
    return await Promise.all(
      sets.map(async (set) => {
        const wanted = size(set);
        return wanted === undefined || wanted === sizeOf(set) ? set : await this.#resize(set, wanted);
      }),
    );
  }

  async #resize(set: ReplicaSet, size: number): Promise<ReplicaSet> {
    const annotations = this.#sizeAnnotations();
    const isSame = Object.entries(annotations).every(
      ([name, value]) => set.metadata.annotations?.[name] === value,
    );
    const before = sizeOf(set);
    if (before === size && isSame) return set;
    const { uid, resourceVersion } = set.metadata;
    const patch = { metadata: { uid, resourceVersion, annotations }, spec: { replicas: size } };
    const written = await this.#context.kube.patch<ReplicaSet>(refTo(set), { type: 'merge', patch });
    if (before !== size) this.#told(size > before ? 'Scaled up' : 'Scaled down', written, before, size);
    await this.#observed(written);
    return written;
  }

  #sizeAnnotations(): Readonly<Record<string, string>> {
    const wanted = wantedOf(this.#deployment);
    return {
      [DESIRED_REPLICAS]: String(wanted),
      [MAX_REPLICAS]: String(wanted + boundsOf(this.#deployment).maxSurge),
    };
  }

  #told(what: string, { metadata }: KubeObject, from: number, to: number): void {
    const message = `${what} replica set ${metadata.name} from ${from} to ${to}`;
    this.#events.event(this.#deployment, 'Normal', 'ScalingReplicaSet', message);
  }

  async #observed(written: ReplicaSet): Promise<void> {
    const isSeen = (seen: ReplicaSet | undefined): boolean => isAtLeast(seen, written);
    await observed(this.#context, this.#sets, refTo(written), isSeen, this.#signal);
  }
}

/** The set of the present template (the oldest, should there be several) and the others. */
function split(deployment: Deployment, owned: readonly ReplicaSet[]): Sets {
  const [newSet] = owned.filter((set) => isOfTemplate(set, deployment)).sort(byAge);
  return { newSet, oldSets: owned.filter((set) => set !== newSet) };
}
