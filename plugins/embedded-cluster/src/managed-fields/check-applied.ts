import { badRequest, StatusError } from '../status.ts';
import { isObject, stringAt, textOf } from '../json.ts';
import type { Resource } from '../registry/resource.ts';
import type { ListSchema, ScalarType, Schema } from '../schema/schema.ts';
import type { ApiObject } from '../storage/api-object.ts';
import { pathText } from './field-set.ts';
import { elementOf, fieldSchema } from './typed-value.ts';

/** An applied configuration: it must say what it is, and hold only fields of its type. Fails with 400 or 500, as the real one. */
export function checkApplied(resource: Resource, body: unknown): ApiObject {
  if (!isObject(body)) {
    const given = Array.isArray(body) ? 'array' : typeof body === 'boolean' ? 'bool' : typeof body;
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${given} into Go value of type map[string]interface {}`,
    );
  }
  const { apiVersion = '', kind = '' } = body;
  if (apiVersion !== resource.apiVersion || kind !== resource.kind)
    throw badRequest(`invalid object type: ${groupVersion(textOf(apiVersion))}, Kind=${textOf(kind)}`);
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null)
    throw badRequest('metadata.managedFields must be nil');
  const problems = problemsOf(resource.schema, body, '');
  if (problems.length > 0) {
    const name = `${stringAt(metadata, 'namespace') ?? ''}/${stringAt(metadata, 'name') ?? ''}`;
    const list = problems.length === 1 ? problems.join() : `errors:\n  ${problems.join('\n  ')}`;
    const what = `${name}; ${groupVersion(apiVersion)}, Kind=${kind}`;
    throw new StatusError(500, '', `failed to create typed patch object (${what}): ${list}`);
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

function problemsOf(schema: Schema, value: unknown, path: string): readonly string[] {
  if (value === null || value === undefined) return [];
  if (schema.kind === 'scalar') {
    const [name, types] = EXPECTED[schema.type] ?? [];
    return types === undefined || types.includes(typeof value)
      ? []
      : [`${path}: expected ${name ?? ''}, got ${shown(value)}`];
  }
  if (schema.kind === 'list') {
    if (!Array.isArray(value)) return [`${path}: expected list, got ${shown(value)}`];
    return [
      ...keyProblems(schema, value, path),
      ...value.flatMap((item, index) => problemsOf(schema.items, item, `${path}[${index}]`)),
    ];
  }
  if (!isObject(value)) return [`${path}: expected map, got ${shown(value)}`];
  return Object.keys(value)
    .sort()
    .flatMap((name) => {
      const field = fieldSchema(schema, name);
      return field === undefined
        ? [`${path}.${name}: field not declared in schema`]
        : problemsOf(field.schema, value[name], `${path}.${name}`);
    });
}

/** Items that are owned one by one need a name, and each its own. */
function keyProblems(schema: ListSchema, value: readonly unknown[], path: string): readonly string[] {
  if (schema.listType === 'atomic') return [];
  const { items, mapKeys } = schema;
  const unnamed = (item: unknown): boolean =>
    schema.listType === 'map' &&
    mapKeys.every(
      (key) =>
        !isObject(item) ||
        (item[key] === undefined && (items.kind !== 'struct' || items.fields[key]?.default === undefined)),
    );
  const index = value.findIndex(unnamed);
  if (index >= 0) {
    const key = JSON.stringify(mapKeys[0] ?? '');
    return [
      `${path}: element ${index}: associative list with keys has an element that omits key field ${key} (and doesn't have default value)`,
    ];
  }
  const names = value.map((item, position) => elementOf(schema, item, position));
  const repeated = [...new Set(names.filter((name, position) => names.indexOf(name) !== position))];
  return repeated.map((name) => `${path}: duplicate entries for key ${pathText([name])}`);
}

function shown(value: unknown): string {
  return `&value.valueUnstructured{Value:${typeof value === 'string' ? JSON.stringify(value) : String(value)}}`;
}
