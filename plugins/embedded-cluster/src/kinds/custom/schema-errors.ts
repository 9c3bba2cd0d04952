import { copy, isObject, objectAt, objectsAt, textOf, type JsonObject } from '../../json.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import { prune, setSchemaDefaults } from './prune.ts';
import { structuralSchema } from './structural-schema.ts';
import { validateValue } from './validate-value.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];
const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];

/** What OpenAPI would allow, and a definition does not; defaults that their own schema refuses. */
export function schemaErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const errors: FieldError[] = [
    ...keywordErrors(schema, path),
    ...listErrors(schema, path),
    ...mapErrors(schema, path),
  ];
  for (const [name, field] of Object.entries(objectAt(schema, 'properties')))
    if (isObject(field)) errors.push(...schemaErrors(field, `${path}.properties[${name}]`));
  for (const name of ['additionalProperties', 'items', 'not']) {
    const field = schema[name];
    if (isObject(field)) errors.push(...schemaErrors(field, `${path}.${name}`));
  }
  for (const name of ['allOf', 'oneOf', 'anyOf'])
    objectsAt(schema, name).forEach((branch, index) =>
      errors.push(...schemaErrors(branch, `${path}.${name}[${index}]`)),
    );
  return errors;
}

/** Defaults, which are looked at once the schema itself is sound. */
export function defaultErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { default: given, items, additionalProperties } = schema;
  if (given !== undefined) {
    const unknown: string[] = [];
    const structural = structuralSchema(schema);
    const value = copy(prune(structural, given, '', (name) => unknown.push(name)));
    setSchemaDefaults(structural, value);
    if (unknown.length > 0) errors.push(invalid(`${path}.default`, given, 'must not have unknown fields'));
    else
      errors.push(
        ...validateValue(schema, value, '').map((error) => ({ ...error, field: `${path}.default` })),
      );
  }
  for (const [name, field] of Object.entries(objectAt(schema, 'properties')))
    if (isObject(field)) errors.push(...defaultErrors(field, `${path}.properties[${name}]`));
  if (isObject(items)) errors.push(...defaultErrors(items, `${path}.items`));
  if (isObject(additionalProperties))
    errors.push(...defaultErrors(additionalProperties, `${path}.additionalProperties`));
  return errors;
}

function keywordErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const { type, properties, additionalProperties } = schema;
  const errors: FieldError[] = [];
  if (type !== undefined && type !== '' && !TYPES.includes(textOf(type)))
    errors.push(notSupported(`${path}.type`, type, TYPES));
  for (const name of UNSUPPORTED)
    if (schema[name] !== undefined) errors.push(forbidden(`${path}.${name}`, `${name} is not supported`));
  if (type === 'null')
    errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (schema['uniqueItems'] === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(`${path}.uniqueItems`, why));
  }
  if (isObject(properties) && Object.keys(properties).length > 0) {
    if (additionalProperties === false || isObject(additionalProperties)) {
      const why = 'additionalProperties and properties are mutual exclusive';
      errors.push(forbidden(`${path}.additionalProperties`, why));
    }
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  return errors;
}

function mapErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined) return [];
  const errors = ofType(schema, 'object', 'x-kubernetes-map-type', path);
  if (MAP_TYPES.includes(textOf(mapType))) return errors;
  return [...errors, notSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES)];
}

function listErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  const given = schema['x-kubernetes-list-map-keys'];
  const keys: readonly string[] = Array.isArray(given) ? given.map(String) : [];
  const { items } = schema;
  const errors: FieldError[] = [];
  if (listType !== undefined) {
    errors.push(...ofType(schema, 'array', 'x-kubernetes-list-type', path));
    if (
      listType === 'set' &&
      isObject(items) &&
      items['type'] === 'object' &&
      items['x-kubernetes-map-type'] !== 'atomic'
    ) {
      const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
      errors.push(invalid(`${path}.items.x-kubernetes-map-type`, undefined, why));
    }
    if (!LIST_TYPES.includes(textOf(listType)))
      errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES));
  }
  if (keys.length > 0 && listType !== 'map') {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const at = `${path}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(at, why) : invalid(at, listType, why));
  }
  if (listType === 'map') errors.push(...keyErrors(items, keys, path));
  if ((listType === 'map' || listType === 'set') && isObject(items) && items['nullable'] === true) {
    errors.push(
      forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  }
  return errors;
}

/** The fields that name the items of a list must be there in every item. */
function keyErrors(items: unknown, keys: readonly string[], path: string): readonly FieldError[] {
  const at = `${path}.x-kubernetes-list-map-keys`;
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(at, 'must not be empty if x-kubernetes-list-type is map'));
  if (!isObject(items)) {
    return [...errors, required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  }
  if (items['type'] !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(`${path}.items.type`, items['type'] ?? '', why)];
  }
  const needed = items['required'];
  for (const key of keys) {
    const field = objectAt(items, 'properties')[key];
    if (!isObject(field)) {
      errors.push(invalid(at, keys, 'entries must all be names of item properties'));
      continue;
    }
    const place = `${path}.items.properties[${key}]`;
    if (field['default'] === undefined && !(Array.isArray(needed) && needed.includes(key))) {
      const why =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(`${place}.default`, why));
    }
    if (field['nullable'] === true) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable';
      errors.push(forbidden(`${place}.nullable`, why));
    }
  }
  if (new Set(keys).size < keys.length) errors.push(invalid(at, keys, 'must not contain duplicate entries'));
  return errors;
}

function ofType(schema: JsonObject, wanted: string, keyword: string, path: string): readonly FieldError[] {
  const { type } = schema;
  if (type === wanted) return [];
  const why = `must be ${wanted} if ${keyword} is specified`;
  return [
    type === undefined || type === '' ? required(`${path}.type`, why) : invalid(`${path}.type`, type, why),
  ];
}
