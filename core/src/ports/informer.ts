import type { KubeObject } from '../kernel/component.ts';
import { token } from '../kernel/token.ts';
import type { CollectionRef, ListOptions } from './kube.ts';

export interface InformerEvent<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: T;
}

/** A live copy of a collection in memory: one list and one watch, however many readers. */
export interface Informer<T extends KubeObject> {
  /** Resolves when the first list is in memory; fails with the signal's reason, or `INFORMERS_CLOSED`. */
  synced(signal?: AbortSignal): Promise<void>;
  get(namespace: string | undefined, name: string): T | undefined;
  /** Every object, or those of one namespace. No copy is made: treat as read-only. */
  list(namespace?: string): readonly T[];
  /**
   * Calls back after each change, in order; what is already in memory is not repeated, so subscribe before
   * or right after `synced` and read `list`. What was missed while the server was away comes as the events
   * that lead to the present state. A listener that throws is logged and called again. @returns what ends the subscription. */
  subscribe(listener: (event: InformerEvent<T>) => void): () => void;
}

/** Hands out shared informers; the same collection and selector give the same one. They reconnect by themselves. */
export interface Informers {
  open<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options?: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
  ): Informer<T>;
  /**
   * Waits until the object satisfies the condition, beginning with its state now (never an older copy).
   * Fails with `WAIT_TIMEOUT`, naming `what`, after `timeoutMs`.
   */
  waitFor<T extends KubeObject>(
    ref: CollectionRef & { readonly name: string },
    what: string,
    condition: (object: T | undefined) => boolean,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<T | undefined>;
}

export const informers = token<Informers>('port:informers');
