import { History, type HistoryEvent } from './history.ts';
import type { StoredObject } from './stored-object.ts';

/** The committed objects of one resource, in key order, with their newest changes. */
export class Collection {
  readonly name: string;
  readonly history: History;
  readonly #byKey = new Map<string, StoredObject>();
  /** Made by the first list, kept in order from then on. */
  #sorted: StoredObject[] | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(name: string, historyLimit: number, floor = 0) {
    this.name = name;
    this.history = new History(historyLimit, floor);
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#byKey.get(key);
  }

  /** Objects whose key begins with `prefix` ("" for all, "namespace/" for one namespace), in key order. */
  list(prefix = ''): readonly StoredObject[] {
    const sorted = this.#inOrder();
    if (prefix === '') return sorted;
    const from = lowerBound(sorted, prefix);
    let to = from;
    while (sorted[to]?.key.startsWith(prefix) === true) to++;
    return sorted.slice(from, to);
  }

  /**
   * The collection as it was at `revision`, in key order.
   * @returns undefined when the history does not reach back that far.
   */
  snapshot(prefix: string, revision: number): readonly StoredObject[] | undefined {
    if (revision < this.history.floor) return undefined;
    const then = new Map<string, StoredObject | undefined>();
    for (const { stored, previous } of this.history.backTo(revision)) {
      if (stored.key.startsWith(prefix)) then.set(stored.key, previous);
    }
    const now = this.list(prefix);
    if (then.size === 0) return now;
    const result = now.filter(({ key }) => !then.has(key));
    for (const stored of then.values()) if (stored !== undefined) result.push(stored);
    return result.sort(byKey);
  }

  /** Takes a committed change into memory and into the history. Listeners are called by `notify`. */
  append(type: HistoryEvent['type'], stored: StoredObject): void {
    const previous = this.#byKey.get(stored.key);
    this.restore(type, stored);
    this.history.append({ type, revision: stored.revision, stored, previous });
  }

  /** Takes a change into memory that is too old for the history. */
  restore(type: HistoryEvent['type'], stored: StoredObject): void {
    const { key } = stored;
    const deleted = type === 'DELETED';
    const present = this.#byKey.has(key);
    if (deleted) this.#byKey.delete(key);
    else this.#byKey.set(key, stored);
    if (this.#sorted === undefined || (deleted && !present)) return;
    this.#sorted.splice(lowerBound(this.#sorted, key), present ? 1 : 0, ...(deleted ? [] : [stored]));
  }

  /** Calls back after every commit that touched this collection. @returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #inOrder(): StoredObject[] {
    return (this.#sorted ??= [...this.#byKey.values()].sort(byKey));
  }
}

function byKey(a: StoredObject, b: StoredObject): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** Index of the first element whose key is not below `key`. */
function lowerBound(sorted: readonly StoredObject[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as StoredObject).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
