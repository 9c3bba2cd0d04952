import { copy, isObject, type JsonObject } from '../../json.ts';
import type { Schema } from '../../schema/schema.ts';

/**
 * A custom resource's value with what its schema declares: undeclared fields go (each is told to `unknown`), and so
 * do nulls where null is no value. Types are not checked here.
 */
export function prune(
  schema: Schema,
  value: unknown,
  path: string,
  unknown: (path: string) => void,
): unknown {
  if (schema.kind === 'list') {
    return Array.isArray(value)
      ? value.map((item, index) => prune(schema.items, item, `${path}[${index}]`, unknown))
      : value;
  }
  if (!isObject(value) || schema.kind === 'scalar') return value;
  const result: JsonObject = {};
  for (const name of Object.keys(value)) {
    if (name === '__proto__') continue;
    const at = path === '' ? name : `${path}.${name}`;
    const field =
      schema.kind === 'map'
        ? schema.values
        : Object.hasOwn(schema.fields, name)
          ? schema.fields[name]
          : undefined;
    if (field === undefined) {
      if (schema.kind === 'struct' && schema.open) result[name] = value[name];
      else unknown(at);
    } else if (value[name] !== null || field.nullable === true || schema.kind === 'map' || isAny(field)) {
      result[name] = prune(field, value[name], at, unknown);
    }
  }
  return result;
}

/** Fills fields that are absent with their defaults, changing the value. */
export function setSchemaDefaults(schema: Schema, value: unknown): void {
  if (schema.kind === 'list') {
    if (Array.isArray(value)) for (const item of value) setSchemaDefaults(schema.items, item);
    return;
  }
  if (!isObject(value) || schema.kind === 'scalar') return;
  if (schema.kind === 'map') {
    for (const name of Object.keys(value)) setSchemaDefaults(schema.values, value[name]);
    return;
  }
  for (const [name, field] of Object.entries(schema.fields)) {
    if (value[name] === undefined && field.default !== undefined) value[name] = copy(field.default);
    setSchemaDefaults(field, value[name]);
  }
}

function isAny(schema: Schema): boolean {
  return schema.kind === 'scalar' && schema.type === 'any';
}
