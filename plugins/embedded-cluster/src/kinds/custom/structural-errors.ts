import { isObject, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { forbidden, invalid, required, type FieldError } from '../../schema/field-error.ts';

type Level = 'root' | 'field' | 'item';

const UNTYPED: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};

/** What keeps a schema from being structural: without a type at every field, pruning and apply would have to guess. */
export function structuralErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const errors = nodeErrors(schema, path, 'root');
  const text = ({ field, message }: FieldError): string => `${field}: ${message}`;
  return [...errors].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

function nodeErrors(schema: JsonObject, path: string, level: Level): readonly FieldError[] {
  const { items, additionalProperties } = schema;
  const properties = objectAt(schema, 'properties');
  const errors: FieldError[] = [...typeErrors(schema, path, level), ...embeddedErrors(schema, path)];
  if (schema['type'] === 'array' && items === undefined)
    errors.push(required(`${path}.items`, 'must be specified'));
  if (isObject(items)) errors.push(...nodeErrors(items, `${path}.items`, 'item'));
  for (const [name, field] of Object.entries(properties)) {
    if (isObject(field)) errors.push(...nodeErrors(field, `${path}.properties[${name}]`, 'field'));
  }
  if (additionalProperties !== undefined && level === 'root')
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  if (isObject(additionalProperties))
    errors.push(...nodeErrors(additionalProperties, `${path}.additionalProperties`, 'field'));
  if (level === 'root')
    errors.push(...metadataErrors(properties['metadata'], `${path}.properties[metadata]`));
  errors.push(...junctorErrors(schema, path), ...patternErrors(schema, path));
  return errors;
}

function typeErrors(schema: JsonObject, path: string, level: Level): readonly FieldError[] {
  const type = stringAt(schema, 'type') ?? '';
  const either = schema['x-kubernetes-int-or-string'] === true;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (either && open) {
    const why = 'must be false if x-kubernetes-int-or-string is true';
    return [invalid(`${path}.x-kubernetes-preserve-unknown-fields`, true, why)];
  }
  if (schema['x-kubernetes-embedded-resource'] === true) return [];
  if (type === '' && !either && !open) return [required(`${path}.type`, UNTYPED[level])];
  return level === 'root' && type !== '' && type !== 'object'
    ? [invalid(`${path}.type`, type, 'must be object at the root')]
    : [];
}

/** Whole objects within an object. */
function embeddedErrors(schema: JsonObject, path: string): readonly FieldError[] {
  if (schema['x-kubernetes-embedded-resource'] !== true) return [];
  const { type, additionalProperties } = schema;
  const errors: FieldError[] = [];
  const object = 'must be object if x-kubernetes-embedded-resource is true';
  if (type === undefined || type === '') errors.push(required(`${path}.type`, object));
  else if (type !== 'object') errors.push(invalid(`${path}.type`, type, object));
  if (additionalProperties !== undefined) {
    const why = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbidden(`${path}.additionalProperties`, why));
  }
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (!open && Object.keys(objectAt(schema, 'properties')).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(`${path}.properties`, why));
  }
  return errors;
}

/** Metadata is what it is: a definition may only narrow names. */
function metadataErrors(metadata: unknown, path: string): readonly FieldError[] {
  if (!isObject(metadata)) return [];
  const errors: FieldError[] = [];
  if (metadata['type'] !== 'object')
    errors.push(invalid(`${path}.type`, metadata['type'] ?? '', 'must be object'));
  const others = Object.keys(metadata).filter(
    (name) => !['type', 'properties', 'description'].includes(name),
  );
  const names = Object.keys(objectAt(metadata, 'properties'));
  if (others.length > 0 || names.some((name) => name !== 'name' && name !== 'generateName')) {
    const why =
      'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(path, why));
  }
  return errors;
}

/** Fields that say what there is, not what is valid: they belong outside of `anyOf` and its kin. */
const STRUCTURE: Readonly<Record<string, string>> = {
  type: 'must be empty to be structural',
  additionalProperties: 'must be undefined to be structural',
  default: 'must be undefined to be structural',
  title: 'must be empty to be structural',
  description: 'must be empty to be structural',
  nullable: 'must be false to be structural',
  'x-kubernetes-preserve-unknown-fields': 'must be false to be structural',
  'x-kubernetes-embedded-resource': 'must be false to be structural',
  'x-kubernetes-int-or-string': 'must be false to be structural',
  'x-kubernetes-list-map-keys': 'must be empty to be structural',
  'x-kubernetes-list-type': 'must be undefined to be structural',
  'x-kubernetes-map-type': 'must be undefined to be structural',
  'x-kubernetes-validations': 'must be empty to be structural',
};

function junctorErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['anyOf', 'allOf', 'oneOf']) {
    objectsAt(schema, name).forEach((branch, index) => {
      if (!isIntOrString(schema, name, index))
        errors.push(...nestedErrors(branch, `${path}.${name}[${index}]`));
    });
  }
  const { not } = schema;
  if (isObject(not)) errors.push(...nestedErrors(not, `${path}.not`));
  return errors;
}

function nestedErrors(schema: JsonObject, path: string): readonly FieldError[] {
  const errors = Object.entries(STRUCTURE)
    .filter(([name]) => schema[name] !== undefined && schema[name] !== false && schema[name] !== '')
    .map(([name, why]) => forbidden(`${path}.${name}`, why));
  const { items } = schema;
  if (isObject(items)) errors.push(...nestedErrors(items, `${path}.items`));
  for (const [name, field] of Object.entries(objectAt(schema, 'properties'))) {
    const at = `${path}.properties[${name}]`;
    if (name === 'metadata') errors.push(forbidden(at, 'must not be specified in a nested context'));
    if (isObject(field)) errors.push(...nestedErrors(field, at));
  }
  return [...errors, ...junctorErrors(schema, path), ...patternErrors(schema, path)];
}

/** `anyOf: [{type: integer}, {type: string}]` may stand where either is allowed, alone or as the first of `allOf`. */
function isIntOrString(schema: JsonObject, name: string, index: number): boolean {
  const types = (value: unknown): string =>
    objectsAt(value, 'anyOf')
      .map((branch) => JSON.stringify(branch))
      .join();
  const either = '{"type":"integer"},{"type":"string"}';
  if (name === 'anyOf') return types(schema) === either;
  return name === 'allOf' && index === 0 && types(objectsAt(schema, 'allOf')[0]) === either;
}

function patternErrors({ pattern }: JsonObject, path: string): readonly FieldError[] {
  if (typeof pattern !== 'string' || isPattern(pattern)) return [];
  return [invalid(`${path}.pattern`, pattern, "must be a valid regular expression, but isn't")];
}

/** Go's expressions are JavaScript's but for a few escapes and flags. */
function isPattern(pattern: string): boolean {
  const translated = pattern
    .replace(/\(\?[imsU-]+\)/g, '')
    .replace(/\(\?[imsU-]+:/g, '(?:')
    .replaceAll('(?P<', '(?<');
  try {
    return new RegExp(translated) instanceof RegExp;
  } catch {
    return false;
  }
}
