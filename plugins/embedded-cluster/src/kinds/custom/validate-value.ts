import { equal, isObject, objectAt, textOf, type JsonObject } from '../../json.ts';
import {
  duplicate,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  wrongType,
  type FieldError,
} from '../../schema/field-error.ts';
import { validateLabels } from '../metadata.ts';
import { elementOf } from '../../managed-fields/typed-value.ts';
import { formatComplaint } from './formats.ts';

/** Findings in a value of a custom resource, by the OpenAPI v3 schema of its definition. CEL rules are not evaluated. */
export function validateValue(schema: JsonObject, value: unknown, path: string): readonly FieldError[] {
  if (value === null && schema['nullable'] === true) return [];
  const mismatch = typeError(schema, value, path);
  if (mismatch !== undefined)
    return [
      mismatch,
      ...(typeof value === 'number' && isNumeric(schema) ? numberErrors(schema, value, path) : []),
    ];
  return [
    ...enumErrors(schema, value, path),
    ...(typeof value === 'string' ? stringErrors(schema, value, path) : []),
    ...(typeof value === 'number' ? numberErrors(schema, value, path) : []),
    ...(Array.isArray(value) ? listErrors(schema, value, path) : []),
    ...(isObject(value) ? objectErrors(schema, value, path) : []),
    ...junctorErrors(schema, value, path),
  ];
}

function typeError(schema: JsonObject, value: unknown, path: string): FieldError | undefined {
  const type = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) {
    return type === 'integer' || type === 'string'
      ? undefined
      : wrongType(path, type, `${path} in body must be of type integer,string: ${JSON.stringify(type)}`);
  }
  const wanted = schema['type'];
  if (wanted === undefined || wanted === type || (wanted === 'number' && type === 'integer'))
    return undefined;
  return wrongType(path, type, `${path} in body must be of type ${textOf(wanted)}: ${JSON.stringify(type)}`);
}

function isNumeric({ type }: JsonObject): boolean {
  return type === 'integer' || type === 'number';
}

function enumErrors(schema: JsonObject, value: unknown, path: string): readonly FieldError[] {
  const allowed = schema['enum'];
  if (!Array.isArray(allowed) || allowed.some((entry) => equal(entry, value))) return [];
  return [
    notSupported(
      path,
      value,
      allowed.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry))),
    ),
  ];
}

/** Of length and pattern the first that is wrong is told, and the format. */
function stringErrors(schema: JsonObject, value: string, path: string): readonly FieldError[] {
  const { minLength, maxLength, pattern, format } = schema;
  const length = Array.from(value).length;
  const errors: FieldError[] = [];
  if (typeof maxLength === 'number' && length > maxLength) errors.push(tooLong(path, maxLength));
  else if (typeof minLength === 'number' && length < minLength)
    errors.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  else if (typeof pattern === 'string' && !compiled(pattern).test(value))
    errors.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  const complaint = typeof format === 'string' ? formatComplaint(format, value) : undefined;
  if (complaint !== undefined)
    errors.push(
      wrongType(path, value, `${path} in body must be of type ${complaint}: ${JSON.stringify(value)}`),
    );
  return errors;
}

function numberErrors(schema: JsonObject, value: number, path: string): readonly FieldError[] {
  const { minimum, maximum, multipleOf, exclusiveMinimum, exclusiveMaximum } = schema;
  const errors: FieldError[] = [];
  const complain = (what: string): number =>
    errors.push(invalid(path, value, `${path} in body should be ${what}`));
  if (typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf))
    complain(`a multiple of ${multipleOf}`);
  if (typeof maximum === 'number') {
    if (exclusiveMaximum === true ? value >= maximum : value > maximum)
      complain(`less than ${exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`);
  }
  if (typeof minimum === 'number') {
    if (exclusiveMinimum === true ? value <= minimum : value < minimum)
      complain(`greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`);
  }
  return errors;
}

function listErrors(schema: JsonObject, value: readonly unknown[], path: string): readonly FieldError[] {
  const { minItems, maxItems, uniqueItems, items } = schema;
  const errors: FieldError[] = [];
  if (typeof maxItems === 'number' && value.length > maxItems)
    errors.push(tooMany(path, value.length, maxItems));
  if (typeof minItems === 'number' && value.length < minItems)
    errors.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  const listType = schema['x-kubernetes-list-type'];
  if (uniqueItems === true || listType === 'set')
    errors.push(...duplicates(value, path, (item) => JSON.stringify(item)));
  if (listType === 'map') {
    const keys = schema['x-kubernetes-list-map-keys'];
    const mapKeys = Array.isArray(keys) ? keys.map(String) : [];
    const list = { kind: 'list', items: { kind: 'scalar', type: 'any' }, listType, mapKeys } as const;
    errors.push(...duplicates(value, path, (item, index) => elementOf(list, item, index)));
  }
  if (isObject(items))
    value.forEach((item, index) => errors.push(...validateValue(items, item, `${path}[${index}]`)));
  return errors;
}

function duplicates(
  value: readonly unknown[],
  path: string,
  keyOf: (item: unknown, index: number) => string,
): readonly FieldError[] {
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    const key = keyOf(item, index);
    if (seen.has(key))
      return [duplicate(`${path}[${index}]`, key.startsWith('k:') ? JSON.parse(key.slice(2)) : item)];
    seen.add(key);
    return [];
  });
}

function objectErrors(schema: JsonObject, value: JsonObject, path: string): readonly FieldError[] {
  const { minProperties, maxProperties, additionalProperties } = schema;
  const properties = objectAt(schema, 'properties');
  const names = Object.keys(value);
  const errors: FieldError[] = [];
  if (schema['x-kubernetes-embedded-resource'] === true) errors.push(...embeddedErrors(value, path));
  for (const name of Array.isArray(schema['required']) ? schema['required'].map(String) : []) {
    if (value[name] === undefined) errors.push(required(child(path, name)));
  }
  if (typeof maxProperties === 'number' && names.length > maxProperties)
    errors.push(tooMany(path, names.length, maxProperties));
  if (typeof minProperties === 'number' && names.length < minProperties)
    errors.push(
      invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`),
    );
  for (const name of names) {
    const field = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (isObject(field)) errors.push(...validateValue(field, value[name], child(path, name)));
  }
  return errors;
}

/** `anyOf` and its kin. When no branch is valid, what the first one complains of is told, too. */
function junctorErrors(schema: JsonObject, value: unknown, path: string): readonly FieldError[] {
  const results = (name: string): readonly (readonly FieldError[])[] =>
    (Array.isArray(schema[name]) ? schema[name] : [])
      .filter(isObject)
      .map((each) => validateValue(each, value, path));
  const isValid = (found: readonly FieldError[]): boolean => found.length === 0;
  const errors: FieldError[] = [];
  const complain = (what: string): number => errors.push(invalid('<nil>', '', `"${path}" must ${what}`));
  const any = results('anyOf');
  if (any.length > 0 && !any.some(isValid)) {
    complain('validate at least one schema (anyOf)');
    errors.push(...(any[0] ?? []));
  }
  const one = results('oneOf');
  const count = one.filter(isValid).length;
  if (one.length > 0 && count !== 1) {
    const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
    complain(`validate one and only one schema (oneOf). ${found}`);
    if (count === 0) errors.push(...(one[0] ?? []));
  }
  const all = results('allOf');
  errors.push(...all.flat());
  if (!all.every(isValid))
    complain(`validate all the schemas (allOf)${all.some(isValid) ? '' : '. None validated'}`);
  const { not } = schema;
  if (isObject(not) && isValid(validateValue(not, value, path))) complain('not validate the schema (not)');
  return errors;
}

/** A whole object within an object says what it is, and has metadata as any object has. */
function embeddedErrors(value: JsonObject, path: string): readonly FieldError[] {
  const missing = ['apiVersion', 'kind'].filter((name) => (value[name] ?? '') === '');
  const labels = objectAt(value, 'metadata', 'labels');
  return [
    ...missing.map((name) => required(child(path, name))),
    ...validateLabels(labels, child(path, 'metadata.labels')),
  ];
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const patterns = new Map<string, RegExp>();

/** Go's regular expressions are JavaScript's but for a few escapes; one that does not compile here matches anything. */
function compiled(pattern: string): RegExp {
  let found = patterns.get(pattern);
  if (found === undefined) {
    if (patterns.size > 10_000) patterns.clear();
    found = compile(pattern);
    patterns.set(pattern, found);
  }
  return found;
}

function compile(pattern: string): RegExp {
  const translated = pattern
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replace(/\(\?P</g, '(?<');
  const flags = /^\(\?([ims]+)\)/.exec(translated);
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(translated.slice(flags?.[0].length ?? 0), `${flags?.[1] ?? ''}${unicode}`);
    } catch {
      continue; // without the unicode flag, JavaScript takes more escapes
    }
  }
  return /(?:)/;
}
