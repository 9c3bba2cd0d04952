import {
  EpinioError,
  type Informer,
  type InformerEvent,
  type KubeObject,
  type ObjectRef,
} from '@epinio/core';
import type { ControllersContext } from '../../start.ts';
import { createEventRecorder, type EventRecorder } from './event-recorder.ts';
import { WorkQueue } from './work-queue.ts';

/** What every controller works with. */
export type ControllerContext = ControllersContext;

/** A controller that works on keys, before it is started. */
export interface Controller {
  /** "deployment-controller", as events have it. */
  readonly name: string;
  /** Collections that have to be in memory before anything is decided. */
  readonly informers: readonly Informer<KubeObject>[];
  /** Subscribes to what concerns it, and adds every key that there is. @returns what ends it */
  start(): Controlled;
}

export interface Controlled {
  stop(): Promise<void>;
}

export interface ControllerParts {
  readonly queue: WorkQueue;
  readonly events: EventRecorder;
}

/** Describes a controller of one queue; `start` gets the queue and subscribes. */
export function defineController(
  context: ControllerContext,
  definition: {
    readonly name: string;
    readonly informers: readonly Informer<KubeObject>[];
    readonly concurrency?: number;
    readonly sync: (key: string, parts: ControllerParts, signal: AbortSignal) => Promise<void>;
    /** Subscribes and adds the keys that are there. @returns what ends the subscriptions */
    readonly subscribe: (queue: WorkQueue) => readonly (() => void)[];
  },
): Controller {
  const { name, informers, concurrency = 4, sync, subscribe } = definition;
  const { kube, clock, log } = context;
  return {
    name,
    informers,
    start() {
      const events = createEventRecorder({ kube, clock, log, component: name });
      const queue: WorkQueue = new WorkQueue({
        ...{ name, concurrency, clock, log },
        sync: (key, signal) => sync(key, { queue, events }, signal),
      });
      const subscriptions = subscribe(queue);
      return {
        async stop() {
          for (const unsubscribe of subscriptions) unsubscribe();
          await queue.stop();
          await events.flush();
        },
      };
    },
  };
}

/** Hears of every object that there is, and of each change. */
export function follow<T extends KubeObject>(
  informer: Informer<T>,
  listener: (object: T, type: InformerEvent<T>['type']) => void,
): () => void {
  const unsubscribe = informer.subscribe(({ type, object }) => listener(object, type));
  for (const object of informer.list()) listener(object, 'added');
  return unsubscribe;
}

/** `namespace/name`, the key of an object in a queue. */
export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The namespace and name of a key. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function refTo({ apiVersion, kind, metadata }: KubeObject): ObjectRef {
  const { namespace, name } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

const OBSERVE_MS = 5000;

/**
 * Waits until the informer shows what was just written, so that the next decision is not made on what was before.
 * Fails with `CONTROLLER_BLIND` after five seconds.
 */
export async function observed<T extends KubeObject>(
  context: Pick<ControllerContext, 'clock'>,
  informer: Informer<T>,
  ref: ObjectRef,
  condition: (object: T | undefined) => boolean,
  signal: AbortSignal,
): Promise<void> {
  if (condition(informer.get(ref.namespace, ref.name))) return;
  const seen = new AbortController();
  const unsubscribe = informer.subscribe(() => {
    if (condition(informer.get(ref.namespace, ref.name))) seen.abort();
  });
  try {
    await context.clock.sleep(OBSERVE_MS, AbortSignal.any([seen.signal, signal]));
  } catch (error) {
    if (seen.signal.aborted) return;
    throw error;
  } finally {
    unsubscribe();
  }
  throw new EpinioError(
    'CONTROLLER_BLIND',
    `${ref.kind} "${ref.name}" was written, but its change did not arrive`,
    {
      fault: 'system',
    },
  );
}

/** True when the object is this version or a later one. */
export function isAtLeast(object: KubeObject | undefined, written: KubeObject): boolean {
  if (object === undefined || object.metadata.uid !== written.metadata.uid) return false;
  return BigInt(object.metadata.resourceVersion ?? '0') >= BigInt(written.metadata.resourceVersion ?? '0');
}
