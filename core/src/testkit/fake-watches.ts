import type { KubeObject } from '../kernel/component.ts';
import { kubeError } from '../kube/kube-error.ts';
import type { CollectionRef, WatchEvent } from '../ports/kube.ts';

/** One change of one object, as the server remembers it. */
export interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  /** Its state before; absent when it was made. */
  readonly before?: KubeObject;
}

type Selects = (object: KubeObject) => boolean;

/** A watch as its reader sees it: events in order, waiting for more until it is ended. */
class Subscription {
  readonly #ref: { readonly apiVersion: string; readonly kind: string };
  readonly #selects: Selects;
  readonly #queue: WatchEvent<KubeObject>[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: Error | undefined;

  constructor(ref: CollectionRef, selects: Selects) {
    this.#ref = { apiVersion: ref.apiVersion, kind: ref.kind };
    this.#selects = selects;
  }

  /** An object that begins or ceases to be selected is one that comes or goes, to this reader. */
  offer({ type, object, before }: Change): void {
    const was = before !== undefined && this.#selects(before);
    const is = type !== 'DELETED' && this.#selects(object);
    if (is) this.push({ type: was ? 'MODIFIED' : 'ADDED', object });
    else if (was) this.push({ type: 'DELETED', object });
  }

  bookmark(resourceVersion: string): void {
    this.push({ type: 'BOOKMARK', object: { ...this.#ref, metadata: { name: '', resourceVersion } } });
  }

  push(event: WatchEvent<KubeObject>): void {
    this.#queue.push(event);
    this.#wake?.();
  }

  end(failure?: Error): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async *events(): AsyncGenerator<WatchEvent<KubeObject>> {
    for (;;) {
      const event = this.#queue.shift();
      if (event !== undefined) yield event;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** The server's memory of changes, and those who follow it. */
export class FakeWatches {
  readonly #limit: number;
  readonly #subscriptions = new Set<Subscription>();
  #history: Change[] = [];
  /** Changes up to this version are forgotten. */
  #forgotten = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many watches are open. */
  get open(): number {
    return this.#subscriptions.size;
  }

  record(change: Change): void {
    this.#history.push(change);
    const oldest = this.#history.length > this.#limit ? this.#history.shift() : undefined;
    if (oldest !== undefined) this.#forgotten = oldest.version;
    for (const subscription of this.#subscriptions) subscription.offer(change);
  }

  /** Forgets every change so far: a watch from an older version gets 410. */
  forget(version: number): void {
    this.#history = [];
    this.#forgotten = version;
  }

  /** Tells every reader how far it has come. */
  bookmark(resourceVersion: string): void {
    for (const subscription of this.#subscriptions) subscription.bookmark(resourceVersion);
  }

  /** Ends every open watch, as a server that closes the stream, or one that fails it. */
  endAll(failure?: Error): void {
    for (const subscription of this.#subscriptions) subscription.end(failure);
  }

  /** @param from the version after which to begin; undefined to begin with `present`. */
  async *follow(
    ref: CollectionRef,
    selects: Selects,
    position: { readonly from?: number; readonly now: number; readonly present: readonly KubeObject[] },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WatchEvent<KubeObject>> {
    const { from, now, present } = position;
    if (from !== undefined && from < this.#forgotten) {
      const message = `too old resource version: ${from} (${this.#forgotten})`;
      throw kubeError({ code: 410, reason: 'Expired', message });
    }
    if (from !== undefined && from > now) {
      const message = `Timeout: Too large resource version: ${from}, current: ${now}`;
      throw kubeError({ code: 504, reason: 'Timeout', message });
    }
    if (signal?.aborted === true) return;
    const subscription = new Subscription(ref, selects);
    if (from === undefined) for (const object of present) subscription.push({ type: 'ADDED', object });
    else for (const change of this.#history) if (change.version > from) subscription.offer(change);
    this.#subscriptions.add(subscription);
    const end = (): void => subscription.end();
    signal?.addEventListener('abort', end, { once: true });
    try {
      for await (const event of subscription.events()) {
        if (isAborted(signal)) return;
        yield event;
      }
    } finally {
      signal?.removeEventListener('abort', end);
      this.#subscriptions.delete(subscription);
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
