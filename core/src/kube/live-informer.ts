import type { KubeObject } from '../kernel/component.ts';
import { EpinioError, messageOf } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Informer, InformerEvent } from '../ports/informer.ts';
import type { CollectionRef, Kube } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import { ObjectStore } from './object-store.ts';
import { reflect, type Selectors } from './reflector.ts';
import { until } from './until.ts';

export interface InformerDeps {
  readonly kube: Kube;
  readonly log: Log;
  readonly clock: Clock;
  /** For the jitter of pauses; default `Math.random`. */
  readonly random?: () => number;
}

/** An informer together with what its owner needs of it. */
export interface LiveInformer<T extends KubeObject> extends Informer<T> {
  /** Aborted when it is stopped. */
  readonly signal: AbortSignal;
  /** Why it is not up to date at the moment; undefined when it is. */
  failure(): unknown;
  /** Ends its watch; readers keep the last state. */
  stop(): Promise<void>;
}

/** Starts to keep a copy of a collection; its owner stops it. */
export function startInformer<T extends KubeObject>(
  deps: InformerDeps,
  ref: CollectionRef,
  selectors: Selectors,
): LiveInformer<T> {
  const store = new ObjectStore<T>();
  const listeners = new Set<(event: InformerEvent<T>) => void>();
  const stopped = new AbortController();
  let failing: unknown;
  let markSynced!: () => void;
  const firstList = new Promise<void>((resolve) => (markSynced = resolve));

  function publish(events: Iterable<InformerEvent<T>>): void {
    for (const event of events) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          // One reader's bug must not stop the others' copy.
          const { namespace, name } = event.object.metadata;
          deps.log.error('Informer listener failed', {
            kind: ref.kind,
            namespace,
            name,
            error: messageOf(error),
          });
        }
      }
    }
  }

  const done = reflect<T>(
    deps,
    ref,
    selectors,
    {
      replace(list) {
        publish(store.replace(list.items));
        markSynced();
      },
      apply({ type, object }) {
        const { namespace, name } = object.metadata;
        publish(type === 'DELETED' ? store.remove(namespace, name, object) : store.upsert(object));
      },
      failing(error) {
        failing = error;
      },
    },
    stopped.signal,
  );

  return {
    signal: stopped.signal,
    failure: () => failing,
    synced: (caller) => until(firstList, stopped.signal, caller),
    get: (namespace, name) => store.get(namespace, name),
    list: (namespace) => store.list(namespace),
    subscribe(listener) {
      // A wrapper of its own, so that one function subscribed twice is two subscriptions.
      const own = (event: InformerEvent<T>): void => listener(event);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    async stop() {
      stopped.abort(new EpinioError('INFORMERS_CLOSED', 'The informers were closed', { fault: 'system' }));
      listeners.clear();
      await done;
    },
  };
}
