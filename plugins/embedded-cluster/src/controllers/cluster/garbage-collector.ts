import type { Informer, InformerEvent, KubeObject, ObjectRef, OwnerReference } from '@epinio/core';
import { hasCode } from '@epinio/core';
import { type Controlled, type Controller, type ControllerContext } from '../machinery/controller.ts';
import { WorkQueue } from '../machinery/work-queue.ts';
import { customKind, openDefinitions, ownableKinds, type KnownKind } from './known-kinds.ts';
import { OwnerGraph, type OwnedNode } from './owner-graph.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/**
 * Deletes what is owned by what is gone (kubernetes.io/docs: Garbage Collection): in the background after its
 * owner, before it when the owner waits in the foreground, and not at all when the owner lets go of it.
 */
export function garbageCollector(context: ControllerContext): Controller {
  const { kube, informers, clock, log } = context;
  const definitions = openDefinitions(informers);
  const kinds = new Map<string, KnownKind>();
  const collections = new Map<string, Informer<KubeObject>>();
  const graph = new OwnerGraph();

  function open(kind: KnownKind): Informer<KubeObject> {
    const key = kindKey(kind);
    kinds.set(key, kind);
    let informer = collections.get(key);
    if (informer === undefined)
      collections.set(key, (informer = informers.open({ apiVersion: kind.apiVersion, kind: kind.kind })));
    return informer;
  }
  const builtIn = ownableKinds().map(open);

  function start(): Controlled {
    const queue: WorkQueue = new WorkQueue({ name: 'garbage-collector', sync, concurrency: 4, clock, log });
    const subscriptions: (() => void)[] = [];
    const watched = new Set<Informer<KubeObject>>();

    const onEvent = ({ type, object }: InformerEvent<KubeObject>): void => {
      const { uid = '' } = object.metadata;
      const touched = type === 'deleted' ? graph.remove(uid) : graph.put(object);
      for (const each of touched) queue.add(each);
    };
    const watch = (informer: Informer<KubeObject>): void => {
      if (watched.has(informer)) return;
      watched.add(informer);
      subscriptions.push(informer.subscribe(onEvent));
      for (const object of informer.list()) onEvent({ type: 'added', object });
    };
    for (const informer of builtIn) watch(informer);
    const addCustom = (): void => {
      for (const definition of definitions.list()) {
        const kind = customKind(definition);
        if (kind !== undefined) watch(open(kind));
      }
    };
    subscriptions.push(definitions.subscribe(addCustom));
    addCustom();
    return {
      async stop() {
        for (const unsubscribe of subscriptions) unsubscribe();
        await queue.stop();
      },
    };
  }

  async function sync(uid: string): Promise<void> {
    const node = graph.get(uid);
    if (node === undefined) return;
    if (node.isDeleting && node.finalizers.includes(ORPHAN)) await orphan(node);
    else if (node.isDeleting && node.finalizers.includes(FOREGROUND)) await finishForeground(node);
    else if (!node.isDeleting && node.owners.length > 0) await collect(node);
  }

  /** Deletes an object whose owners are all gone, or waiting for it to go. */
  async function collect(node: OwnedNode): Promise<void> {
    const states = await Promise.all(
      node.owners.map(async (owner) => ({ owner, state: await stateOf(owner, node.ref) })),
    );
    const solid = states.filter(({ state }) => state === 'solid');
    if (solid.length === states.length) return;
    if (solid.length === 0) {
      const isWaitedFor = states.some(({ state }) => state === 'waiting');
      // One that has dependents of its own lets them go first, as its owner does.
      const propagation =
        isWaitedFor && graph.dependentsOf(node.uid).length > 0 ? 'Foreground' : 'Background';
      await kube.delete(node.ref, { uid: node.uid, propagation }).catch(ignoreReplaced);
      return;
    }
    const left = solid.map(({ owner }) => owner);
    await patchMetadata(node, { ownerReferences: left });
  }

  async function stateOf(
    owner: OwnerReference,
    dependent: ObjectRef,
  ): Promise<'solid' | 'waiting' | 'absent'> {
    const known = graph.get(owner.uid);
    if (known !== undefined) {
      const isWaiting = known.isDeleting && known.finalizers.includes(FOREGROUND);
      return isWaiting ? (owner.blockOwnerDeletion === true ? 'waiting' : 'absent') : 'solid';
    }
    const kind = kinds.get(kindKey(owner)) ?? otherVersion(owner);
    // Of a kind that nobody knows (any more) nothing can be said, so nothing is deleted.
    if (kind === undefined) return 'solid';
    const { apiVersion, kind: name } = kind;
    const namespace = kind.namespaced ? { namespace: dependent.namespace ?? '' } : {};
    const live = await kube.get({ apiVersion, kind: name, name: owner.name, ...namespace });
    return live?.metadata.uid === owner.uid ? 'solid' : 'absent';
  }

  /** The same kind in another version, whose objects are the same. */
  function otherVersion({ apiVersion, kind }: OwnerReference): KnownKind | undefined {
    const group = groupOf(apiVersion);
    return [...kinds.values()].find((each) => each.kind === kind && groupOf(each.apiVersion) === group);
  }

  /** An owner that waits goes when nothing is left that it waits for. */
  async function finishForeground(node: OwnedNode): Promise<void> {
    const blocking = graph
      .dependentsOf(node.uid)
      .filter(({ owners }) =>
        owners.some(({ uid, blockOwnerDeletion }) => uid === node.uid && blockOwnerDeletion === true),
      );
    if (blocking.length > 0) {
      await Promise.all(blocking.filter(({ isDeleting }) => !isDeleting).map(collect));
      return;
    }
    await removeFinalizer(node, FOREGROUND);
  }

  /** An owner that lets go of what it owns, and then goes. */
  async function orphan(node: OwnedNode): Promise<void> {
    for (const dependent of graph.dependentsOf(node.uid)) {
      await patchMetadata(dependent, {
        ownerReferences: dependent.owners.filter(({ uid }) => uid !== node.uid),
      });
    }
    await removeFinalizer(node, ORPHAN);
  }

  async function removeFinalizer(node: OwnedNode, finalizer: string): Promise<void> {
    await patchMetadata(node, { finalizers: node.finalizers.filter((each) => each !== finalizer) });
  }

  async function patchMetadata(node: OwnedNode, changes: Readonly<Record<string, unknown>>): Promise<void> {
    // The version is what the decision was made on.
    const metadata = { uid: node.uid, resourceVersion: node.resourceVersion, ...changes };
    await kube.patch(node.ref, { type: 'merge', patch: { metadata } }).catch((error: unknown) => {
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
    });
  }

  return { name: 'garbage-collector', informers: [...builtIn, definitions], start };
}

/** Another object has the name now. */
function ignoreReplaced(error: unknown): void {
  if (!hasCode(error, 'KUBE_CONFLICT')) throw error;
}

function kindKey({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  return `${apiVersion} ${kind}`;
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}
