import type { KubeObject } from '../kernel/component.ts';
import type { InformerEvent } from '../ports/informer.ts';

const CLUSTER = '';

/**
 * The objects of one collection, by namespace and name, kept as small as possible. Each change answers the
 * events that it means to a reader, so that a missed or repeated watch event never shows.
 */
export class ObjectStore<T extends KubeObject> {
  readonly #objects = new Map<string, Map<string, T>>();
  /** Lists as handed out, by namespace; dropped by a change, never altered, so that readers can keep them. */
  readonly #lists = new Map<string, readonly T[]>();
  #all: readonly T[] | undefined;

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(namespace ?? CLUSTER)?.get(name);
  }

  list(namespace?: string): readonly T[] {
    if (namespace === undefined) {
      return (this.#all ??= [...this.#objects.values()].flatMap((objects) => [...objects.values()]));
    }
    let list = this.#lists.get(namespace);
    if (list === undefined) {
      list = [...(this.#objects.get(namespace)?.values() ?? [])];
      // Not kept for namespaces without objects: the names come from callers, and would pile up.
      if (list.length > 0) this.#lists.set(namespace, list);
    }
    return list;
  }

  /** Takes an object from a list or a watch; nothing happens when it is the version that is already here. */
  upsert(object: T): readonly InformerEvent<T>[] {
    const { namespace = CLUSTER, name, uid, resourceVersion } = object.metadata;
    const known = this.#objects.get(namespace)?.get(name);
    if (
      known !== undefined &&
      known.metadata.uid === uid &&
      known.metadata.resourceVersion === resourceVersion
    ) {
      return [];
    }
    const kept = small(object);
    let objects = this.#objects.get(namespace);
    if (objects === undefined) this.#objects.set(namespace, (objects = new Map<string, T>()));
    objects.set(name, kept);
    this.#changed(namespace);
    if (known === undefined) return [{ type: 'added', object: kept }];
    // Deleted and made again under the same name while nobody watched: two objects, not a change of one.
    if (known.metadata.uid !== uid) {
      return [
        { type: 'deleted', object: known },
        { type: 'added', object: kept },
      ];
    }
    return [{ type: 'modified', object: kept }];
  }

  /** @param last its state when it went, where the watch gave one. */
  remove(namespace: string | undefined, name: string, last?: T): readonly InformerEvent<T>[] {
    const key = namespace ?? CLUSTER;
    const objects = this.#objects.get(key);
    const known = objects?.get(name);
    if (objects === undefined || known === undefined) return [];
    objects.delete(name);
    if (objects.size === 0) this.#objects.delete(key);
    this.#changed(key);
    return [{ type: 'deleted', object: last === undefined ? known : small(last) }];
  }

  /** Makes the store equal to a list. @returns what changed since the last state. */
  *replace(items: readonly T[]): Generator<InformerEvent<T>> {
    const present = new Set(items.map(({ metadata }) => `${metadata.namespace ?? CLUSTER}/${metadata.name}`));
    for (const { metadata } of this.list()) {
      if (!present.has(`${metadata.namespace ?? CLUSTER}/${metadata.name}`)) {
        yield* this.remove(metadata.namespace, metadata.name);
      }
    }
    for (const item of items) yield* this.upsert(item);
  }

  #changed(namespace: string): void {
    this.#all = undefined;
    this.#lists.delete(namespace);
  }
}

/**
 * Without `managedFields`, which is often the larger half of an object. Taken apart rather than deleted from:
 * V8 keeps an object that lost a field as a hash table, a quarter larger.
 */
function small<T extends KubeObject>(object: T): T {
  const { managedFields, ...metadata } = object.metadata as T['metadata'] & {
    readonly managedFields?: unknown;
  };
  return managedFields === undefined ? object : { ...object, metadata };
}
