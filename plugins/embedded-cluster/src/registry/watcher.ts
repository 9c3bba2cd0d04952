import { gone } from '../status.ts';
import type { Collection } from '../storage/collection.ts';
import type { HistoryEvent } from '../storage/history.ts';
import { StoredObject } from '../storage/stored-object.ts';
import type { Store } from '../storage/store.ts';
import { parseRevision } from './reader.ts';
import type { Resource } from './resource.ts';
import type { Matcher } from './selectors.ts';

export interface WatchQuery {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly matches?: Matcher;
  /** Absent or "0": begins with the present objects as ADDED. */
  readonly resourceVersion?: string;
  /** Begins with the present objects, then says so with a bookmark. */
  readonly sendInitialEvents?: boolean;
}

/** One thing that a watch shows. */
export interface Shown {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly stored: StoredObject;
}

/**
 * Changes of a collection from a revision on. A reader pulls what is there with `next` and is called back by
 * `onChange` when there is more: nothing is queued for it but a position in the shared history.
 */
export class Watcher {
  readonly #collection: Collection;
  readonly #store: Store;
  readonly #prefix: string;
  readonly #matches: Matcher | undefined;
  #initial: readonly StoredObject[];
  #initialIndex = 0;
  #position: number;
  #seen: number;

  /** Fails with 410 when the history does not reach back to the resourceVersion. */
  constructor(store: Store, resource: Resource, query: WatchQuery) {
    this.#store = store;
    this.#collection = store.collection(resource.collection);
    this.#prefix = resource.namespaced && query.namespace !== undefined ? `${query.namespace}/` : '';
    this.#matches = query.matches;
    const given = query.resourceVersion ?? '';
    const revision = given === '' ? 0 : parseRevision(given);
    const fresh = query.sendInitialEvents ?? revision === 0;
    this.#initial = fresh ? [...this.#collection.list(this.#prefix)] : [];
    this.#seen = fresh ? store.revision : revision;
    const position = fresh ? this.#collection.history.end : this.#collection.history.after(revision);
    // One that is too old is told so by the first `next`: a watch begins, and then fails.
    this.#position = position ?? -1;
  }

  /** True while objects that were there at the beginning are yet to be shown. */
  get initial(): boolean {
    return this.#initialIndex < this.#initial.length;
  }

  /** True when the next change has left the history: whoever reads so slowly has to list again. */
  get isLost(): boolean {
    return !this.initial && this.#collection.history.at(this.#position) === 'dropped';
  }

  /** Everything up to this revision was shown: what a bookmark says. */
  get revision(): number {
    return this.#position === this.#collection.history.end
      ? Math.max(this.#seen, this.#store.revision)
      : this.#seen;
  }

  /** The next change; undefined when there is none yet. Fails with 410 when the reader was too slow for the history. */
  next(): Shown | undefined {
    while (this.initial) {
      const stored = this.#initial[this.#initialIndex++] as StoredObject;
      if (this.#initialIndex === this.#initial.length) this.#release();
      if (this.#matches === undefined || this.#matches(stored.object)) return { type: 'ADDED', stored };
    }
    for (;;) {
      const event = this.#collection.history.at(this.#position);
      if (event === undefined) return undefined;
      if (event === 'dropped')
        throw gone(`too old resource version: ${this.#seen} (${this.#collection.history.floor})`);
      this.#position++;
      this.#seen = event.revision;
      const shown = event.stored.key.startsWith(this.#prefix) ? this.#show(event) : undefined;
      if (shown !== undefined) return shown;
    }
  }

  /** Calls back when `next` may have more. @returns what ends it. */
  onChange(listener: () => void): () => void {
    return this.#collection.subscribe(listener);
  }

  #release(): void {
    this.#initial = [];
    this.#initialIndex = 0;
  }

  /** What a watch with a selector sees of a change: objects that begin to match appear, others disappear. */
  #show({ type, stored, previous }: HistoryEvent): Shown | undefined {
    if (this.#matches === undefined) return { type, stored };
    const now = type !== 'DELETED' && this.#matches(stored.object);
    // After a restart the version before may be gone; better a DELETED too many than one too few.
    const before =
      previous === undefined
        ? type === 'MODIFIED' || (type === 'DELETED' && this.#matches(stored.object))
        : this.#matches(previous.object);
    if (now) return { type: before && type !== 'ADDED' ? 'MODIFIED' : 'ADDED', stored };
    if (!before) return undefined;
    return {
      type: 'DELETED',
      stored: previous === undefined || type === 'DELETED' ? stored : withRevision(previous, stored.revision),
    };
  }
}

/** The version that was last shown, with the revision of the change that took it out of sight. */
function withRevision({ key, object }: StoredObject, revision: number): StoredObject {
  const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
  return new StoredObject(key, revision, JSON.stringify(gone), gone);
}
