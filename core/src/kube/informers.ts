import type { KubeObject } from '../kernel/component.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { Informer, Informers } from '../ports/informer.ts';
import type { CollectionRef, Kube } from '../ports/kube.ts';
import { type InformerDeps, type LiveInformer, startInformer } from './live-informer.ts';
import type { Selectors } from './reflector.ts';
import { waitUntil } from './wait-until.ts';

export type InformersOptions = Omit<InformerDeps, 'kube'>;

/** The `Informers` of one connection, with its end. */
export interface OwnedInformers extends Informers, AsyncDisposable {
  /** Ends every watch; who waits gets `INFORMERS_CLOSED`, readers keep the last state. Idempotent. */
  close(): Promise<void>;
}

/**
 * Live copies of collections over any `Kube`: one list and one watch per collection and selector, shared by
 * all readers. Nothing is read until a collection is opened. The caller closes them.
 */
export function createInformers(kube: Kube, options: InformersOptions): OwnedInformers {
  const shared = new Map<string, LiveInformer<KubeObject>>();
  const running = new Set<{ stop(): Promise<void> }>();
  let isClosed = false;

  function start<T extends KubeObject>(ref: CollectionRef, selectors: Selectors): LiveInformer<T> {
    if (isClosed) throw new EpinioError('INFORMERS_CLOSED', 'The informers were closed', { fault: 'system' });
    const informer = startInformer<T>({ kube, ...options }, ref, selectors);
    running.add(informer);
    return informer;
  }

  async function close(): Promise<void> {
    isClosed = true;
    await Promise.all([...running].map((informer) => informer.stop()));
    running.clear();
  }

  return {
    open<T extends KubeObject>(ref: CollectionRef, selectors: Selectors = {}): Informer<T> {
      const { labelSelector, fieldSelector } = selectors;
      const key = JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, labelSelector, fieldSelector]);
      let informer = shared.get(key);
      if (informer === undefined) shared.set(key, (informer = start(ref, selectors)));
      // The same collection holds the same type: the caller names it, as with `Kube.list`.
      return informer as unknown as Informer<T>;
    },

    async waitFor<T extends KubeObject>(
      ref: CollectionRef & { readonly name: string },
      what: string,
      condition: (object: T | undefined) => boolean,
      { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
    ): Promise<T | undefined> {
      signal?.throwIfAborted();
      // A watch of its own: its list is newer than any write the caller has made, a shared copy may not be.
      const { name, ...collection } = ref;
      const informer = start<T>(collection, { fieldSelector: `metadata.name=${name}` });
      try {
        return await waitUntil(informer, ref, what, condition, { timeoutMs, signal, clock: options.clock });
      } finally {
        running.delete(informer);
        await informer.stop();
      }
    },

    close,
    [Symbol.asyncDispose]: close,
  };
}
