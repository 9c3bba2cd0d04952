import { equal, isObject, type JsonObject } from '../json.ts';
import { ANY, type ListSchema, type MapSchema, type Schema, type StructSchema } from '../schema/schema.ts';
import type { PathElement } from './field-set.ts';

/** How a value is taken apart for ownership of fields. */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'fields'; readonly schema: StructSchema | MapSchema }
  | { readonly kind: 'items'; readonly schema: ListSchema };

const LEAF: Shape = { kind: 'leaf' };
const ANY_FIELDS: Shape = { kind: 'fields', schema: { kind: 'map', values: ANY, atomic: false } };

/** The shape of `value` (or of `other`, when that is absent or null) under `schema`. */
export function shapeOf(schema: Schema, value: unknown, other?: unknown): Shape {
  if (schema.kind === 'scalar') {
    const given = value ?? other;
    return schema.type === 'any' && isObject(given) ? ANY_FIELDS : LEAF;
  }
  if (schema.kind === 'list') return schema.listType === 'atomic' ? LEAF : { kind: 'items', schema };
  return schema.atomic ? LEAF : { kind: 'fields', schema };
}

/** The schema of a field, and whether the schema declares it (a key of a map is not declared). */
export function fieldSchema(
  schema: StructSchema | MapSchema,
  name: string,
): { readonly schema: Schema; readonly declared: boolean } | undefined {
  if (schema.kind === 'map') return { schema: schema.values, declared: false };
  const field = Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
  if (field !== undefined) return { schema: field, declared: true };
  return schema.open ? { schema: ANY, declared: false } : undefined;
}

/** An item of a list, by the element that names it. */
export interface Item {
  readonly element: PathElement;
  readonly value: unknown;
}

/** Names the items of a list that is a set or a map; of items with the same name the first counts. */
export function itemsOf(schema: ListSchema, value: unknown): ReadonlyMap<PathElement, unknown> {
  const items = new Map<PathElement, unknown>();
  if (!Array.isArray(value)) return items;
  value.forEach((item: unknown, index) => {
    const element = elementOf(schema, item, index);
    if (!items.has(element)) items.set(element, item);
  });
  return items;
}

/** `k:{…}` with the keys in alphabetical order, `v:…`, or `i:…` for an item without a name. */
export function elementOf(schema: ListSchema, item: unknown, index: number): PathElement {
  if (schema.listType === 'set') return `v:${JSON.stringify(item)}`;
  if (!isObject(item)) return `i:${index}`;
  const keys: JsonObject = {};
  for (const name of [...schema.mapKeys].sort()) {
    const value = item[name] ?? defaultOf(schema.items, name);
    if (value !== undefined) keys[name] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

/** True when both are absent, null, or without content. */
export function bothEmpty(a: unknown, b: unknown): boolean {
  return isNothing(a) && isNothing(b);
}

export function sameValue(a: unknown, b: unknown): boolean {
  return equal(a ?? null, b ?? null);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function defaultOf(schema: Schema, field: string): unknown {
  return schema.kind === 'struct' ? schema.fields[field]?.default : undefined;
}
