import { isObject, own } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldsV1 } from '../storage/api-object.ts';
import { insert, type PathElement } from './field-set.ts';
import { bothEmpty, fieldSchema, itemsOf, sameValue, shapeOf } from './typed-value.ts';

/** What differs between two versions of an object, as sets of paths. */
export interface Comparison {
  readonly added: FieldsV1;
  readonly modified: FieldsV1;
  readonly removed: FieldsV1;
}

/** Compares two values of one type; a value that is `undefined` is absent. */
export function compare(schema: Schema, before: unknown, after: unknown): Comparison {
  const comparison: Comparison = { added: {}, modified: {}, removed: {} };
  walk(comparison, [], schema, before, after);
  return comparison;
}

function walk(
  result: Comparison,
  path: PathElement[],
  schema: Schema,
  before: unknown,
  after: unknown,
): void {
  if (before === after) return;
  const shape = shapeOf(schema, after, before);
  if (shape.kind === 'leaf' || bothEmpty(before, after)) {
    if (before === undefined) insert(result.added, path);
    else if (after === undefined) insert(result.removed, path);
    else if (!sameValue(before, after)) insert(result.modified, path);
    return;
  }
  if (shape.kind === 'fields') {
    const left = isObject(before) ? before : {};
    const right = isObject(after) ? after : {};
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const field = fieldSchema(shape.schema, name);
      if (field !== undefined)
        step(result, path, `f:${name}`, field.schema, own(left, name), own(right, name));
    }
  } else {
    const left = itemsOf(shape.schema, before);
    const right = itemsOf(shape.schema, after);
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      step(result, path, element, shape.schema.items, left.get(element), right.get(element));
    }
  }
  if (path.length === 0) return;
  if (before === undefined) insert(result.added, path);
  else if (after === undefined) insert(result.removed, path);
}

function step(
  result: Comparison,
  path: PathElement[],
  element: PathElement,
  schema: Schema,
  before: unknown,
  after: unknown,
): void {
  path.push(element);
  walk(result, path, schema, before, after);
  path.pop();
}
