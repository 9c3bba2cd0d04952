import type { Origin } from './origin.ts';

/** A configured value that knows where it was written: a tree of maps, lists and scalars. */
export type Located = LocatedMap | LocatedList | LocatedScalar;

export interface LocatedMap {
  readonly kind: 'map';
  readonly origin: Origin;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface LocatedList {
  readonly kind: 'list';
  readonly origin: Origin;
  readonly items: readonly Located[];
}

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly origin: Origin;
  readonly value: unknown;
  /** The text before references to the environment were replaced; shown instead of the value. */
  readonly written?: string;
}

/** One key of a map with its own place. */
export interface Entry {
  readonly keyOrigin: Origin;
  readonly value: Located;
}

/** Gives every part of plain data the same origin, for sources without places: profiles, flags, code. */
export function locate(value: unknown, origin: Origin): Located {
  if (Array.isArray(value)) return { kind: 'list', origin, items: value.map((item) => locate(item, origin)) };
  if (!isPlainObject(value)) return { kind: 'scalar', origin, value };
  return map(
    origin,
    Object.entries(value).map(([key, inner]) => [key, { keyOrigin: origin, value: locate(inner, origin) }]),
  );
}

export function map(origin: Origin, entries: Iterable<readonly [string, Entry]>): LocatedMap {
  return { kind: 'map', origin, entries: new Map(entries) };
}

/** The plain data. Keys such as "__proto__" become own keys, never prototypes. */
export function plain(located: Located): unknown {
  switch (located.kind) {
    case 'scalar':
      return located.value;
    case 'list':
      return located.items.map(plain);
    case 'map':
      return Object.fromEntries([...located.entries].map(([key, entry]) => [key, plain(entry.value)]));
  }
}

/** The part at a path; undefined when there is none. */
export function partAt(located: Located | undefined, path: readonly PropertyKey[]): Located | undefined {
  let current = located;
  for (const key of path) {
    if (current?.kind === 'map') current = current.entries.get(String(key))?.value;
    else if (current?.kind === 'list') current = current.items[Number(key)];
    else return undefined;
  }
  return current;
}

/** The origin of the value at a path, or of its key; of the nearest part around it when there is none. */
export function originAt(
  located: Located,
  path: readonly PropertyKey[],
  part: 'key' | 'value' = 'value',
): Origin {
  let origin = located.origin;
  let current = located;
  for (const [index, key] of path.entries()) {
    if (current.kind === 'scalar') return origin;
    const entry = current.kind === 'map' ? current.entries.get(String(key)) : undefined;
    const next = current.kind === 'map' ? entry?.value : current.items[Number(key)];
    if (next === undefined) return origin;
    const isLast = index === path.length - 1;
    // The place of a map is its first key, which says less than the key that holds it.
    const atKey = entry !== undefined && (part === 'key' || !isLast || next.kind !== 'scalar');
    origin = atKey ? entry.keyOrigin : next.origin;
    current = next;
  }
  return origin;
}

/** The same tree with the value at a path set, maps made on the way. */
export function withPart(root: LocatedMap, path: readonly string[], value: Located): LocatedMap {
  const [key, ...rest] = path;
  if (key === undefined) return value.kind === 'map' ? value : root;
  const inner = root.entries.get(key)?.value;
  const next =
    rest.length === 0 ? value : withPart(inner?.kind === 'map' ? inner : map(value.origin, []), rest, value);
  return map(root.origin, [...root.entries, [key, { keyOrigin: value.origin, value: next }]]);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm have another Object.prototype: one step from null is plain enough.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
