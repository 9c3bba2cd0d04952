import { badRequest, StatusError } from '../api/status.ts';
import { isObject, stringAt } from '../json.ts';
import type { Resource } from '../registry/resource.ts';
import type { ScalarType, Schema } from '../schema/schema.ts';
import type { ApiObject } from '../storage/api-object.ts';
import { fieldSchema, shapeOf } from './typed-value.ts';

/** An applied configuration: it must say what it is, and hold only fields of its type. Fails with 400 or 500, as the real one. */
export function checkApplied(resource: Resource, body: unknown): ApiObject {
  if (!isObject(body)) throw badRequest('error decoding YAML: the configuration is no object');
  const { apiVersion = '', kind = '' } = body;
  if (apiVersion === '' || kind === '')
    throw badRequest(`invalid object type: ${groupVersion(String(apiVersion))}, Kind=${String(kind)}`);
  if (apiVersion !== resource.apiVersion || kind !== resource.kind) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}, Kind=${String(kind)}) does not match the expected API version (${resource.apiVersion}, Kind=${resource.kind})`,
    );
  }
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null)
    throw badRequest('metadata.managedFields must be nil');
  const problem = firstProblem(resource.schema, body, '');
  if (problem !== undefined) {
    const name = `${stringAt(metadata, 'namespace') ?? ''}/${stringAt(metadata, 'name') ?? ''}`;
    throw new StatusError(
      500,
      '',
      `failed to create typed patch object (${name}; ${groupVersion(apiVersion)}, Kind=${kind}): ${problem}`,
    );
  }
  return { ...body, metadata: { name: '', ...metadata } } as unknown as ApiObject;
}

function groupVersion(apiVersion: string): string {
  return apiVersion.includes('/') || apiVersion === '' ? apiVersion : `/${apiVersion}`;
}

const EXPECTED: Partial<Record<ScalarType, readonly [string, readonly string[]]>> = {
  string: ['string', ['string']],
  bytes: ['string', ['string']],
  time: ['string', ['string']],
  microtime: ['string', ['string']],
  boolean: ['boolean', ['boolean']],
  int32: ['numeric (int or float)', ['number']],
  int64: ['numeric (int or float)', ['number']],
  double: ['numeric (int or float)', ['number']],
};

function firstProblem(schema: Schema, value: unknown, path: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (schema.kind === 'scalar') {
    const [name, types] = EXPECTED[schema.type] ?? [];
    return types === undefined || types.includes(typeof value)
      ? undefined
      : `${path}: expected ${name ?? ''}, got ${shown(value)}`;
  }
  if (schema.kind === 'list') {
    if (!Array.isArray(value)) return `${path}: expected list, got ${shown(value)}`;
    return (
      first(value.map((item, index) => () => firstProblem(schema.items, item, `${path}[${index}]`))) ??
      keyProblem(schema, value, path)
    );
  }
  if (!isObject(value)) return `${path}: expected map, got ${shown(value)}`;
  return first(
    Object.keys(value).map((name) => () => {
      const field = fieldSchema(schema, name);
      return field === undefined
        ? `${path}.${name}: field not declared in schema`
        : firstProblem(field.schema, value[name], `${path}.${name}`);
    }),
  );
}

/** Items of a list that is a map need the fields that name them. */
function keyProblem(schema: Schema, value: readonly unknown[], path: string): string | undefined {
  const shape = shapeOf(schema, value);
  if (shape.kind !== 'items' || shape.schema.listType !== 'map') return undefined;
  const { items, mapKeys } = shape.schema;
  const index = value.findIndex((item) => {
    if (!isObject(item)) return true;
    return mapKeys.every(
      (key) =>
        item[key] === undefined && (items.kind !== 'struct' || items.fields[key]?.default === undefined),
    );
  });
  return index < 0
    ? undefined
    : `${path}: element ${index}: associative list with keys has an element that omits key field ${JSON.stringify(mapKeys[0] ?? '')} (and doesn't have default value)`;
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function shown(value: unknown): string {
  return `&value.valueUnstructured{Value:${typeof value === 'string' ? JSON.stringify(value) : String(value)}}`;
}
