import { isJson, itemKey, type Json, listKeys, sameJson, without } from './fake-json.ts';

/**
 * Field paths of an object, each one a JSON array: map keys as strings, items of keyed lists as
 * `{"item": key}`, items of sets as `{"value": text}`. Only ends are in it: scalars, whole lists, empty maps.
 */
export type FieldSet = ReadonlySet<string>;

type Step = string | { readonly item: string } | { readonly value: string };

/** Set by the server, or the object's identity: never owned. */
const UNOWNED = new Set(['apiVersion', 'kind']);
const UNOWNED_METADATA = new Set([
  'creationTimestamp',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'name',
  'namespace',
  'resourceVersion',
  'uid',
]);

/** The fields that a configuration declares. */
export function fieldsOf(object: Json): FieldSet {
  const fields = new Set<string>();
  for (const [key, value] of Object.entries(object)) {
    if (UNOWNED.has(key)) continue;
    if (key !== 'metadata') collect(value, [key], fields);
    else if (isJson(value)) {
      for (const [name, field] of Object.entries(value)) {
        if (!UNOWNED_METADATA.has(name)) collect(field, [key, name], fields);
      }
    }
  }
  return fields;
}

function collect(value: unknown, path: readonly Step[], fields: Set<string>): void {
  if (value === null) return;
  if (isJson(value) && Object.keys(value).length > 0) {
    for (const [key, child] of Object.entries(value)) collect(child, [...path, key], fields);
    return;
  }
  const field = path.at(-1);
  if (Array.isArray(value) && typeof field === 'string') {
    if (field === 'finalizers') {
      for (const entry of value) fields.add(JSON.stringify([...path, { value: String(entry) }]));
      return;
    }
    const keys = listKeys(field, [value]);
    if (keys !== undefined && value.length > 0) {
      for (const item of value) collect(item, [...path, { item: itemKey(item, keys) }], fields);
      return;
    }
  }
  fields.add(JSON.stringify(path));
}

/** The value at a path, undefined when it is not there. */
export function valueAt(object: Json, path: string): unknown {
  let value: unknown = object;
  let field = '';
  for (const step of JSON.parse(path) as Step[]) {
    if (typeof step === 'string') {
      value = isJson(value) ? value[step] : undefined;
      field = step;
    } else if (Array.isArray(value)) {
      value =
        'value' in step
          ? value.find((entry) => entry === step.value)
          : value[indexOf(value, field, step.item)];
    } else return undefined;
  }
  return value;
}

function indexOf(list: readonly unknown[], field: string, item: string): number {
  const keys = listKeys(field, [list]);
  return keys === undefined ? -1 : list.findIndex((entry) => itemKey(entry, keys) === item);
}

/** Lays a declared configuration over an object: maps merge, keyed lists merge by key, the rest is replaced. */
export function mergeDeclared(live: Json, declared: Json): Json {
  const result = { ...live };
  for (const [key, value] of Object.entries(declared)) {
    if (value === null) continue;
    result[key] = mergeField(key, live[key], value);
  }
  return result;
}

function mergeField(field: string, live: unknown, declared: unknown): unknown {
  if (isJson(declared)) return isJson(live) ? mergeDeclared(live, declared) : mergeDeclared({}, declared);
  if (!Array.isArray(declared) || !Array.isArray(live)) return declared;
  if (field === 'finalizers')
    return [...new Set<unknown>([...(live as unknown[]), ...(declared as unknown[])])];
  const keys = listKeys(field, [live, declared]);
  if (keys === undefined) return declared;
  const merged: unknown[] = [...(live as unknown[])];
  for (const item of declared as Json[]) {
    const index = merged.findIndex((entry) => itemKey(entry, keys) === itemKey(item, keys));
    if (index === -1) merged.push(item);
    else merged[index] = mergeDeclared(merged[index] as Json, item);
  }
  return merged;
}

/** Takes a field away, and every map or keyed item above it that it leaves without any other content. */
export function removeField(object: Json, path: string): Json {
  return (removeAt(object, JSON.parse(path) as Step[], '') ?? {}) as Json;
}

function removeAt(value: unknown, [step, ...rest]: readonly Step[], field: string): unknown {
  if (step === undefined) return undefined;
  if (typeof step === 'string') {
    if (!isJson(value) || !(step in value)) return value;
    const child = removeAt(value[step], rest, step);
    const copy = child === undefined ? without(value, step) : { ...value, [step]: child };
    return Object.keys(copy).length === 0 ? undefined : copy;
  }
  if (!Array.isArray(value)) return value;
  const list = value as unknown[];
  if ('value' in step) {
    const kept = list.filter((entry) => entry !== step.value);
    return kept.length === 0 ? undefined : kept;
  }
  const index = indexOf(list, field, step.item);
  if (index === -1) return list;
  const keys = listKeys(field, [list]) ?? [];
  const onlyKeys = (entry: unknown): boolean => Object.keys(entry as Json).every((key) => keys.includes(key));
  const [next] = rest;
  // A key field goes with the item, and alone does not keep it.
  const item =
    typeof next === 'string' && keys.includes(next) ? list[index] : removeAt(list[index], rest, '');
  const empty = item === undefined || onlyKeys(item);
  const kept = empty ? list.toSpliced(index, 1) : list.with(index, item);
  return kept.length === 0 ? undefined : kept;
}

export interface Conflict {
  readonly manager: string;
  readonly path: string;
}

/** Who applied which fields of one object (the part of `managedFields` that decides what apply does). */
export class FieldOwners {
  readonly #fields = new Map<string, FieldSet>();

  /**
   * Applies a configuration over the live object: fields the manager declared before and no longer does go
   * away unless another manager declares them too. Nothing is recorded until the caller takes `commit`.
   */
  apply(
    live: Json,
    declared: Json,
    manager: string,
  ): { result: Json; conflicts: Conflict[]; commit: () => void } {
    const fields = fieldsOf(declared);
    const conflicts: Conflict[] = [];
    for (const [other, owned] of this.#fields) {
      if (other === manager) continue;
      for (const path of fields) {
        if (owned.has(path) && !sameJson(valueAt(live, path), valueAt(declared, path))) {
          conflicts.push({ manager: other, path });
        }
      }
    }
    let result = mergeDeclared(live, declared);
    for (const path of this.#fields.get(manager) ?? []) {
      // A map that was declared empty and now has content is declared still.
      const isDeclared =
        fields.has(path) || [...fields].some((field) => field.startsWith(`${path.slice(0, -1)},`));
      if (!isDeclared && !this.#ownedByOther(path, manager)) result = removeField(result, path);
    }
    const commit = (): void => {
      for (const { manager: other, path } of conflicts) this.#disown(other, path);
      this.#fields.set(manager, fields);
    };
    return { result, conflicts, commit };
  }

  /** After a write that was no apply: what it changed belongs to no applier any more. */
  written(before: Json, after: Json): void {
    for (const [manager, owned] of this.#fields) {
      for (const path of owned) {
        if (!sameJson(valueAt(before, path), valueAt(after, path))) this.#disown(manager, path);
      }
    }
  }

  #ownedByOther(path: string, manager: string): boolean {
    return [...this.#fields].some(([other, owned]) => other !== manager && owned.has(path));
  }

  #disown(manager: string, path: string): void {
    const owned = new Set(this.#fields.get(manager));
    owned.delete(path);
    this.#fields.set(manager, owned);
  }
}
