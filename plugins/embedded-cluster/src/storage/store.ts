import { tooLarge } from '../status.ts';
import type { ApiObject } from './api-object.ts';
import { Collection } from './collection.ts';
import { Database, type Commit } from './database.ts';
import type { Change } from './record.ts';
import { StoredObject } from './stored-object.ts';

/** The most that one object may weigh, in characters of its JSON: what etcd takes. */
const MAX_OBJECT = 1.5 * 1024 * 1024;

/** What a write makes of the current version. */
export type Next =
  | { readonly type: 'put'; readonly object: ApiObject }
  /** `object` is the last state, which watches are shown. */
  | { readonly type: 'delete'; readonly object: ApiObject }
  | { readonly type: 'keep' };

interface Pending {
  readonly change: Change;
  readonly stored: StoredObject;
  readonly resolve: (stored: StoredObject) => void;
  readonly reject: (error: unknown) => void;
}

interface Uncommitted {
  readonly revision: number;
  /** Undefined for a deletion. */
  readonly stored: StoredObject | undefined;
  readonly durable: Promise<StoredObject>;
}

export interface StoreOptions {
  readonly directory: string;
  /** Changes kept per collection for watches. */
  readonly history: number;
}

/**
 * All objects, in memory and on disk. Reads see committed versions only, so nobody is shown a change that a
 * crash could take back; writes see the newest one, so they need not wait for each other's commits.
 * Writes that come while a commit is on its way share the next one.
 */
export class Store {
  readonly #database: Database;
  readonly #historyLimit: number;
  readonly #collections = new Map<string, Collection>();
  /** Given to the newest write; never goes back, not even after a failed commit. */
  #lastGiven = 0;
  #committed = 0;
  #queue: Pending[] = [];
  /** The newest versions that are not committed yet, by collection and key. */
  readonly #uncommitted = new Map<string, Uncommitted>();
  /** What the next successful commit takes away; outlives a failed one. */
  readonly #superfluous: number[] = [];
  readonly #floors = new Map<string, number>();
  #flushing: Promise<void> | undefined;

  private constructor(database: Database, historyLimit: number) {
    this.#database = database;
    this.#historyLimit = historyLimit;
  }

  /** Reads everything into memory. Fails with `CLUSTER_DATABASE_CORRUPT` or `CLUSTER_DATABASE_VERSION`. */
  static async open({ directory, history }: StoreOptions): Promise<Store> {
    const database = await Database.open(directory);
    const store = new Store(database, history);
    for (const [name, floor] of database.floors()) {
      store.#collections.set(name, new Collection(name, history, floor));
    }
    for (const change of database.changes()) store.#restore(change);
    return store;
  }

  /** The newest committed revision: the resourceVersion of a list. */
  get revision(): number {
    return this.#committed;
  }

  /** The committed objects of `group/plural`; empty when nothing was written. */
  collection(name: string): Collection {
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      collection = new Collection(name, this.#historyLimit);
      this.#collections.set(name, collection);
    }
    return collection;
  }

  /** The newest version of an object, committed or on its way. */
  newest(collection: string, key: string): StoredObject | undefined {
    const uncommitted = this.#uncommitted.get(`${collection} ${key}`);
    return uncommitted === undefined ? this.collection(collection).get(key) : uncommitted.stored;
  }

  /** The newest versions of all objects of a collection, in no order. */
  newestOf(collection: string): readonly StoredObject[] {
    const committed = this.collection(collection).list();
    const prefix = `${collection} `;
    const changed = new Map<string, StoredObject | undefined>();
    for (const [id, { stored }] of this.#uncommitted)
      if (id.startsWith(prefix)) changed.set(id.slice(prefix.length), stored);
    if (changed.size === 0) return committed;
    const result = committed.filter(({ key }) => !changed.has(key));
    for (const stored of changed.values()) if (stored !== undefined) result.push(stored);
    return result;
  }

  /** Names of the collections that hold or held something. */
  collectionNames(): readonly string[] {
    return [...this.#collections.keys()];
  }

  /**
   * Changes one object. `decide` gets the newest version, must not wait, and may throw to refuse.
   * It must not touch that version; of the object that it answers, the resourceVersion is set here.
   * @returns the new version, the last state of a deleted one, or the present one when it is kept,
   * once it is on disk.
   */
  async write(
    collection: string,
    key: string,
    decide: (current: StoredObject | undefined) => Next,
  ): Promise<StoredObject | undefined> {
    const id = `${collection} ${key}`;
    const uncommitted = this.#uncommitted.get(id);
    const current = this.newest(collection, key);
    const next = decide(current);
    if (next.type === 'keep') {
      await uncommitted?.durable;
      return current;
    }
    const revision = ++this.#lastGiven;
    next.object.metadata.resourceVersion = String(revision);
    const json = JSON.stringify(next.object);
    if (json.length > MAX_OBJECT) throw tooLarge(MAX_OBJECT);
    const stored = new StoredObject(key, revision, json, next.object);
    const type = next.type === 'delete' ? 'DELETED' : current === undefined ? 'ADDED' : 'MODIFIED';
    const durable = new Promise<StoredObject>((resolve, reject) => {
      this.#queue.push({ change: { revision, type, collection, key, json }, stored, resolve, reject });
    });
    this.#uncommitted.set(id, { revision, stored: next.type === 'put' ? stored : undefined, durable });
    this.#flushing ??= this.#flush();
    return durable;
  }

  /** Waits for writes in flight, then closes the file. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.#database.close();
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // one turn, so that requests which came together are written together
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#database.commit(this.#commitOf(batch));
        this.#publish(batch);
      } catch (error) {
        this.#refuse(batch, error);
      }
    }
    this.#flushing = undefined;
  }

  /** The batch, and what became superfluous: records that left the history and are no object's newest. */
  #commitOf(batch: readonly Pending[]): Commit {
    const collections = new Set(batch.map(({ change }) => this.collection(change.collection)));
    for (const collection of collections) {
      for (const event of collection.history.compact()) {
        this.#floors.set(collection.name, event.revision);
        if (collection.get(event.stored.key) !== event.stored) this.#superfluous.push(event.revision);
      }
    }
    for (const { change } of batch) {
      const collection = this.collection(change.collection);
      const replaced = collection.get(change.key);
      if (replaced !== undefined && replaced.revision <= collection.history.floor)
        this.#superfluous.push(replaced.revision);
    }
    return { changes: batch.map(({ change }) => change), remove: this.#superfluous, floors: this.#floors };
  }

  #publish(batch: readonly Pending[]): void {
    this.#superfluous.length = 0;
    this.#floors.clear();
    const touched = new Set<Collection>();
    for (const { change, stored } of batch) {
      const collection = this.collection(change.collection);
      collection.append(change.type, stored);
      touched.add(collection);
      const id = `${change.collection} ${change.key}`;
      if (this.#uncommitted.get(id)?.revision === change.revision) this.#uncommitted.delete(id);
      this.#committed = change.revision;
    }
    for (const { stored, resolve } of batch) resolve(stored);
    for (const collection of touched) collection.notify();
  }

  /** Writes that were decided on top of a failed one fail with it: what they saw never was. */
  #refuse(batch: readonly Pending[], error: unknown): void {
    const all = [...batch, ...this.#queue];
    this.#queue = [];
    this.#uncommitted.clear();
    for (const { reject } of all) reject(error);
  }

  #restore({ revision, type, collection: name, key, json }: Change): void {
    const collection = this.collection(name);
    const stored = new StoredObject(key, revision, json);
    if (revision <= collection.history.floor) collection.restore(type, stored);
    else collection.append(type, stored);
    this.#committed = revision;
    this.#lastGiven = revision;
  }
}
