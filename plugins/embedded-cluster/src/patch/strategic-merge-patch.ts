import { StatusError } from '../status.ts';
import { equal, isObject, type JsonObject } from '../json.ts';
import { goText } from '../schema/go-text.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/**
 * Kubernetes' strategic merge patch: as a merge patch, but lists that have a merge key are merged item by item.
 * Directives: `$patch` (merge, replace, delete), `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`.
 */
export function strategicMergePatch(target: unknown, patch: unknown, schema: Schema): unknown {
  return isObject(patch) ? mergeObject(isObject(target) ? target : {}, patch, schema) : patch;
}

function mergeObject(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch, schema);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw new StatusError(500, '', `unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  }
  const result: JsonObject = { ...target };
  const retained = patch[RETAIN_KEYS];
  if (Array.isArray(retained)) {
    for (const name of Object.keys(result))
      if (!retained.includes(name)) Reflect.deleteProperty(result, name);
  }
  for (const name of Object.keys(patch)) {
    if (name === '__proto__' || name === DIRECTIVE || name === RETAIN_KEYS || name.startsWith(ORDER))
      continue;
    if (name.startsWith(DELETE_FROM)) {
      deleteFromList(result, name.slice(DELETE_FROM.length), patch[name]);
    } else if (patch[name] === null) {
      Reflect.deleteProperty(result, name);
    } else {
      result[name] = mergeField(result[name], patch[name], fieldOf(schema, name), patch[ORDER + name]);
    }
  }
  for (const name of Object.keys(patch)
    .filter((key) => key.startsWith(ORDER))
    .map((key) => key.slice(ORDER.length))) {
    if (patch[name] === undefined)
      result[name] = mergeField(result[name], [], fieldOf(schema, name), patch[ORDER + name]);
    if (result[name] === undefined) Reflect.deleteProperty(result, name);
  }
  return result;
}

function mergeField(target: unknown, patch: unknown, schema: Schema | undefined, order: unknown): unknown {
  if (isObject(patch)) {
    if (schema === undefined || !isObject(target) || schema.patch?.includes('replace') === true) {
      return withoutDirectives(patch, schema);
    }
    return mergeObject(target, patch, schema);
  }
  if (!Array.isArray(patch) || schema?.kind !== 'list' || schema.patch?.includes('merge') !== true)
    return patch;
  if (target === undefined && patch.length === 0) return undefined;
  return mergeList(Array.isArray(target) ? target : [], patch, schema, Array.isArray(order) ? order : patch);
}

function mergeList(
  target: readonly unknown[],
  patch: readonly unknown[],
  schema: ListSchema,
  order: readonly unknown[],
): unknown[] {
  const { mergeKey } = schema;
  if (mergeKey === undefined) {
    const result = [...target, ...patch.filter((value) => !target.some((present) => equal(present, value)))];
    return inOrder(result, target, order, (value) => value);
  }
  const items = patch.map((item) => (isObject(item) ? item : refuseItem(item)));
  if (items.some((item) => item[DIRECTIVE] === 'replace')) {
    return items
      .filter((item) => item[DIRECTIVE] !== 'replace')
      .map((item) => withoutDirectives(item, schema.items));
  }
  const result = [...target];
  for (const item of items) {
    const key = item[mergeKey];
    if (key === undefined) {
      throw new StatusError(
        400,
        'BadRequest',
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`,
      );
    }
    const index = result.findIndex((present) => isObject(present) && equal(present[mergeKey], key));
    const present = result[index];
    if (item[DIRECTIVE] === 'delete') {
      for (
        let at = index;
        at >= 0;
        at = result.findIndex((other) => isObject(other) && equal(other[mergeKey], key))
      )
        result.splice(at, 1);
    } else if (index >= 0 && isObject(present)) {
      result[index] = mergeObject(present, item, schema.items);
    } else {
      result.push(withoutDirectives(item, schema.items));
    }
  }
  return inOrder(result, target, order, (item) => (isObject(item) ? item[mergeKey] : item));
}

/** Items named in `order` in that order; the others keep their place among the items that stood there before. */
function inOrder(
  items: readonly unknown[],
  before: readonly unknown[],
  order: readonly unknown[],
  keyOf: (item: unknown) => unknown,
): unknown[] {
  const wanted = order.map(keyOf);
  const rank = (item: unknown): number => wanted.findIndex((key) => equal(key, keyOf(item)));
  const place = (item: unknown): number => before.findIndex((other) => equal(keyOf(other), keyOf(item)));
  const named = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  const others = items.filter((item) => rank(item) < 0);
  const result: unknown[] = [];
  while (named.length > 0 || others.length > 0) {
    const [left] = others;
    const [right] = named;
    const leftFirst =
      named.length === 0 ||
      (others.length > 0 && place(left) >= 0 && place(right) >= 0 && place(left) < place(right));
    result.push(leftFirst ? others.shift() : named.shift());
  }
  return result;
}

function deleteFromList(result: JsonObject, name: string, values: unknown): void {
  const list = result[name];
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  result[name] = list.filter((present) => !values.some((value) => equal(value, present)));
}

/** A new value: its directives are followed where they make sense without an old value, and go. */
function withoutDirectives(value: JsonObject, schema: Schema | undefined): JsonObject {
  const { [DIRECTIVE]: directive, ...rest } = value;
  if (directive === 'delete') return {};
  return mergeObject({}, rest, schema ?? { kind: 'scalar', type: 'any' });
}

function fieldOf(schema: Schema, name: string): Schema | undefined {
  if (schema.kind === 'struct') return Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
  if (schema.kind === 'map') return schema.values;
  return schema.kind === 'scalar' ? schema : undefined;
}

function refuseItem(item: unknown): never {
  throw new StatusError(
    400,
    'BadRequest',
    `patch: a list of objects cannot be merged with ${JSON.stringify(item)}`,
  );
}
