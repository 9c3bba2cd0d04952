import { at, isObject, objectAt, stringAt, without, type JsonObject } from '../../json.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';

/** Findings in an access review; none in reviews of another kind. */
export function validateReview(kind: string, review: JsonObject): readonly FieldError[] {
  if (!kind.endsWith('AccessReview')) return [];
  const spec = objectAt(review, 'spec');
  const resource = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  const errors: FieldError[] = [];
  if (isObject(resource) && isObject(path)) {
    const why = 'cannot be specified in combination with resourceAttributes';
    errors.push(invalid('spec.nonResourceAttributes', path, why));
  }
  if (!isObject(resource) && !isObject(path)) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(invalid('spec.resourceAttributes', null, why));
  }
  if (kind !== 'SelfSubjectAccessReview' && !namesSomebody(spec))
    errors.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  for (const name of ['fieldSelector', 'labelSelector'])
    errors.push(...validateSelector(at(resource, name), `spec.resourceAttributes.${name}`));
  return [...errors, ...validateMetadata(kind, review)];
}

function namesSomebody(spec: Readonly<JsonObject>): boolean {
  return (stringAt(spec, 'user') ?? '') !== '' || listLength(spec['groups']) > 0;
}

function validateSelector(selector: unknown, path: string): readonly FieldError[] {
  if (!isObject(selector)) return [];
  const raw = stringAt(selector, 'rawSelector') ?? '';
  const count = listLength(selector['requirements']);
  if (raw !== '' && count > 0)
    return [invalid(`${path}.rawSelector`, raw, 'may not specified at the same time as requirements')];
  return raw === '' && count === 0
    ? [required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`)]
    : [];
}

/** A review is about nobody's object: it has no metadata, but for a local one its namespace. */
function validateMetadata(kind: string, review: JsonObject): readonly FieldError[] {
  const local = kind === 'LocalSubjectAccessReview';
  const metadata = objectAt(review, 'metadata');
  const rest = without(metadata, 'managedFields', ...(local ? ['namespace'] : []));
  const errors: FieldError[] =
    Object.keys(rest).length === 0
      ? []
      : [invalid('metadata', metadata, local ? 'must be empty except for namespace' : 'must be empty')];
  if (!local) return errors;
  const { resourceAttributes, nonResourceAttributes } = objectAt(review, 'spec');
  const namespace = stringAt(resourceAttributes, 'namespace') ?? '';
  if (isObject(resourceAttributes) && namespace !== metadata['namespace'])
    errors.push(invalid('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace'));
  if (isObject(nonResourceAttributes)) {
    const why = 'disallowed on this kind of request';
    errors.push(invalid('spec.nonResourceAttributes', nonResourceAttributes, why));
  }
  return errors;
}

function listLength(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
