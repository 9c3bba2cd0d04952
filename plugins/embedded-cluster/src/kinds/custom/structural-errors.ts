import { isObject, objectAt, type JsonObject } from '../../json.ts';
import { forbidden, invalid, required, type FieldError } from '../../schema/field-error.ts';

/** What keeps a schema from being structural: without a type at every field, pruning and apply would have to guess. */
export function structuralErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (schema['type'] !== 'object')
    errors.push(invalid(`${path}.type`, schema['type'] ?? '', 'must be object at the root'));
  return [...errors, ...nodeErrors(schema, path, 'object fields', true)];
}

function nodeErrors(schema: JsonObject, path: string, place: string, root = false): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { type, items, properties, additionalProperties } = schema;
  const typed =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if ((type === undefined || type === '') && !typed && !root)
    errors.push(required(`${path}.type`, `must not be empty for specified ${place}`));
  if (schema['$ref'] !== undefined) errors.push(forbidden(`${path}.$ref`, '$ref is not supported'));
  if (schema['uniqueItems'] === true)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (isObject(properties) && additionalProperties !== undefined && additionalProperties !== false) {
    errors.push(
      forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  }
  if (additionalProperties === false)
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  const { pattern } = schema;
  if (typeof pattern === 'string' && pattern.includes('\u0000'))
    errors.push(invalid(`${path}.pattern`, pattern, "must be a valid regular expression, but isn't"));
  if (type === 'array' && items === undefined) errors.push(required(`${path}.items`, 'must be specified'));
  if (schema['x-kubernetes-list-type'] === 'map' && !Array.isArray(schema['x-kubernetes-list-map-keys'])) {
    errors.push(
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    );
  }
  for (const [name, field] of Object.entries(objectAt(schema, 'properties'))) {
    if (isObject(field)) errors.push(...nodeErrors(field, `${path}.properties[${name}]`, 'object fields'));
  }
  if (isObject(additionalProperties))
    errors.push(...nodeErrors(additionalProperties, `${path}.additionalProperties`, 'object fields'));
  if (isObject(items)) errors.push(...nodeErrors(items, `${path}.items`, 'array items'));
  return errors;
}
