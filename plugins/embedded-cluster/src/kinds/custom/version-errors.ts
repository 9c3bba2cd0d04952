import { at, equal, isObject, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import { duplicate, invalid, required, tooMany, type FieldError } from '../../schema/field-error.ts';
import { dns1035Label } from '../../schema/names.ts';
import { defaultErrors, schemaErrors } from './schema-errors.ts';
import { structuralErrors } from './structural-errors.ts';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const MAX_WARNING = 256;
const MAX_SELECTABLE = 8;

/** Findings in the versions of a definition. What all versions share is told of the definition as a whole. */
export function versionErrors(versions: readonly JsonObject[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  versions.forEach((version, index) => {
    const path = `spec.versions[${index}]`;
    const name = stringAt(version, 'name') ?? '';
    errors.push(...dns1035Label(name).map((complaint) => invalid(`${path}.name`, name, complaint)));
    errors.push(...warningErrors(version, path));
    if (!isObject(at(version, 'schema', 'openAPIV3Schema')))
      errors.push(required(`${path}.schema.openAPIV3Schema`));
  });
  const names = versions.map(({ name }) => name);
  if (new Set(names).size < names.length)
    errors.push(invalid('spec.versions', versions, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage === true).length !== 1)
    errors.push(
      invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  return [
    ...errors,
    ...shared(versions, ['schema', 'openAPIV3Schema'], 'spec.validation.openAPIV3Schema', wholeSchemaErrors),
    ...shared(versions, ['subresources', 'scale'], 'spec.subresources.scale', scaleErrors),
    ...shared(versions, ['additionalPrinterColumns'], 'spec.additionalPrinterColumns', columnErrors),
    ...shared(versions, ['selectableFields'], 'spec.selectableFields', selectableErrors),
  ];
}

type Check = (value: unknown, path: string, version: JsonObject) => readonly FieldError[];

/** Checks a part of each version, or once when it is the same in all. */
function shared(
  versions: readonly JsonObject[],
  path: readonly string[],
  common: string,
  check: Check,
): readonly FieldError[] {
  const parts = versions.map((version) => at(version, ...path));
  const [first] = versions;
  if (first !== undefined && parts.every((part) => equal(part, parts[0])))
    return parts[0] === undefined ? [] : check(parts[0], common, first);
  return versions.flatMap((version, index) =>
    parts[index] === undefined
      ? []
      : check(parts[index], `spec.versions[${index}].${path.join('.')}`, version),
  );
}

const wholeSchemaErrors: Check = (schema, path) => {
  if (!isObject(schema)) return [];
  const structural = structuralErrors(schema, path);
  const others = schemaErrors(schema, path);
  const sound = structural.length === 0 && others.length === 0;
  return [...structural, ...(sound ? defaultErrors(schema, path) : []), ...others];
};

function warningErrors(
  { deprecated, deprecationWarning: warning }: JsonObject,
  path: string,
): readonly FieldError[] {
  if (typeof warning !== 'string') return [];
  const complain = (why: string): FieldError[] => [invalid(`${path}.deprecationWarning`, warning, why)];
  if (deprecated !== true) return complain('can only be set for deprecated versions');
  if (warning === '') return complain('must not be an empty string');
  return warning.length > MAX_WARNING ? complain(`must be <= ${MAX_WARNING} characters long`) : [];
}

const scaleErrors: Check = (scale, path) => {
  const under = (
    name: string,
    roots: readonly string[],
    place: string,
    needed = true,
  ): readonly FieldError[] => {
    const given = stringAt(scale, name) ?? '';
    const field = `${path}.${name}`;
    if (given === '') return needed ? [required(field)] : [];
    const wrong = pathErrors(given, field);
    if (wrong.length > 0 || roots.some((root) => given.startsWith(root))) return wrong;
    return [invalid(field, given, `should be a json path under ${place}`)];
  };
  return [
    ...under('specReplicasPath', ['.spec.'], '.spec'),
    ...under('statusReplicasPath', ['.status.'], '.status'),
    ...under('labelSelectorPath', ['.spec.', '.status.'], 'either .spec or .status', false),
  ];
};

const columnErrors: Check = (columns, path) =>
  objectsAt({ columns }, 'columns').flatMap((column, index) => {
    const at = `${path}[${index}]`;
    const [name = '', type = '', jsonPath = ''] = ['name', 'type', 'jsonPath'].map((key) =>
      stringAt(column, key),
    );
    const types = `must be one of ${COLUMN_TYPES.join(',')}`;
    return [
      ...(name === '' ? [required(`${at}.name`)] : []),
      ...(type === '' ? [required(`${at}.type`, types)] : []),
      ...(type === '' || COLUMN_TYPES.includes(type) ? [] : [invalid(`${at}.type`, type, types)]),
      ...(jsonPath === '' ? [required(`${at}.JSONPath`)] : pathErrors(jsonPath, `${at}.JSONPath`)),
    ];
  });

function pathErrors(path: string, field: string): readonly FieldError[] {
  return path.startsWith('.') ? [] : [invalid(field, path, 'must be a simple json path starting with .')];
}

const selectableErrors: Check = (given, path, version) => {
  const paths = objectsAt({ given }, 'given').map((field) => stringAt(field, 'jsonPath') ?? '');
  const errors = paths.flatMap((jsonPath, index): FieldError[] => {
    const field = `${path}[${index}].jsonPath`;
    if (jsonPath === '') return [required(field)];
    if (!jsonPath.startsWith('.'))
      return [invalid(field, jsonPath, `is an invalid path: expected [ or . but got: ${jsonPath}`)];
    const found = schemaAt(objectAt(version, 'schema', 'openAPIV3Schema'), jsonPath.slice(1).split('.'));
    if (jsonPath.startsWith('.metadata'))
      return [invalid(field, jsonPath, 'must not point to fields in metadata')];
    if (found === undefined)
      return [invalid(field, jsonPath, 'is an invalid path: does not refer to a valid field')];
    if (!['string', 'boolean', 'integer'].includes(stringAt(found, 'type') ?? '')) {
      const why =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      return [invalid(field, jsonPath, why)];
    }
    return paths.indexOf(jsonPath) < index ? [duplicate(field, jsonPath)] : [];
  });
  const count = new Set(paths).size;
  return count > MAX_SELECTABLE ? [...errors, tooMany(path, count, MAX_SELECTABLE)] : errors;
};

function schemaAt(schema: unknown, names: readonly string[]): JsonObject | undefined {
  let current: unknown = schema;
  for (const name of names) current = objectAt(current, 'properties')[name];
  return isObject(current) ? current : undefined;
}
