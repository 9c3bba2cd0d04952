import { isObject, type JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldsV1 } from '../storage/api-object.ts';
import { inner, isEmpty, isMember, node } from './field-set.ts';
import { elementOf, fieldSchema, shapeOf } from './typed-value.ts';

/** Every path that a value sets: what an applier owns. */
export function fieldSetOf(schema: Schema, value: unknown): FieldsV1 {
  const shape = shapeOf(schema, value);
  const result: FieldsV1 = {};
  if (shape.kind === 'fields' && isObject(value)) {
    for (const name of Object.keys(value)) {
      const field = fieldSchema(shape.schema, name);
      if (field === undefined || value[name] === undefined) continue;
      const empty = value[name] === null || (isObject(value[name]) && Object.keys(value[name]).length === 0);
      const below = fieldSetOf(field.schema, value[name]);
      const leaf = shapeOf(field.schema, value[name]).kind === 'leaf';
      const member = leaf || empty || !field.declared;
      if (member || !isEmpty(below)) result[`f:${name}`] = node(member, below);
    }
  } else if (shape.kind === 'items' && Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      result[elementOf(shape.schema, item, index)] = node(true, fieldSetOf(shape.schema.items, item));
    });
  }
  return result;
}

/**
 * The value without what is in `set`. A list or object that loses everything becomes null.
 * @returns the value itself when nothing of it is in the set
 */
export function withoutFields(schema: Schema, value: unknown, set: FieldsV1): unknown {
  const shape = shapeOf(schema, value);
  if (isEmpty(set) || shape.kind === 'leaf') return value;
  if (shape.kind === 'fields' && isObject(value)) {
    const result: JsonObject = {};
    for (const name of Object.keys(value)) {
      const below = set[`f:${name}`];
      if (below !== undefined && isMember(below)) continue;
      const field = fieldSchema(shape.schema, name);
      result[name] =
        below === undefined || field === undefined
          ? value[name]
          : withoutFields(field.schema, value[name], below);
    }
    return Object.keys(result).length > 0 ? result : null;
  }
  if (shape.kind === 'items' && Array.isArray(value)) {
    const result: unknown[] = [];
    value.forEach((item: unknown, index) => {
      const below = set[elementOf(shape.schema, item, index)];
      if (below === undefined) result.push(item);
      else if (!isMember(below)) result.push(withoutFields(shape.schema.items, item, below));
    });
    return result.length > 0 ? result : null;
  }
  return value;
}

/** The set with every declared field that leads to a member being a member itself. */
export function withNamedFields(schema: Schema, value: unknown, set: FieldsV1): FieldsV1 {
  const shape = shapeOf(schema, value, {});
  const result: FieldsV1 = {};
  for (const element of Object.keys(set)) {
    const below = set[element] as FieldsV1;
    if (element === '.') {
      result[element] = {};
    } else if (shape.kind === 'fields') {
      const field = fieldSchema(shape.schema, element.slice(2));
      const rest =
        field === undefined ? inner(below) : withNamedFields(field.schema, undefined, inner(below));
      result[element] = node(isMember(below) || field?.declared === true, rest);
    } else if (shape.kind === 'items') {
      result[element] = node(isMember(below), withNamedFields(shape.schema.items, undefined, inner(below)));
    } else {
      result[element] = below;
    }
  }
  return result;
}
