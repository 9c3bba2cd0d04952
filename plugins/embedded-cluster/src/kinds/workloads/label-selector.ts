import { isObject, objectsAt, own, stringAt } from '../../json.ts';
import { invalid, notSupported, required, forbidden, type FieldError } from '../../schema/field-error.ts';
import { labelValue, qualifiedName } from '../../schema/names.ts';

/** A metav1.LabelSelector as it stands in a spec. An empty one matches everything, an absent one nothing. */
export function selectorMatches(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  if (!isObject(selector)) return false;
  const wanted = isObject(selector['matchLabels']) ? selector['matchLabels'] : {};
  if (!Object.entries(wanted).every(([key, value]) => own(labels, key) === value)) return false;
  return objectsAt(selector, 'matchExpressions').every((expression) => {
    const actual = own(labels, stringAt(expression, 'key') ?? '');
    const values: readonly unknown[] = Array.isArray(expression['values']) ? expression['values'] : [];
    switch (expression['operator']) {
      case 'In':
        return actual !== undefined && values.includes(actual);
      case 'NotIn':
        return actual === undefined || !values.includes(actual);
      case 'Exists':
        return actual !== undefined;
      case 'DoesNotExist':
        return actual === undefined;
      default:
        return false;
    }
  });
}

/** The selector in the syntax of `kubectl get -l`. */
export function selectorText(selector: unknown): string {
  if (!isObject(selector)) return '<none>';
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : {};
  const equalities = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${String(labels[key])}`);
  const expressions = objectsAt(selector, 'matchExpressions').map(({ key, operator, values }) => {
    const list = Array.isArray(values) ? (values as readonly unknown[]).map(String).sort().join(',') : '';
    switch (operator) {
      case 'In':
        return `${String(key)} in (${list})`;
      case 'NotIn':
        return `${String(key)} notin (${list})`;
      case 'Exists':
        return String(key);
      default:
        return `!${String(key)}`;
    }
  });
  return [...equalities, ...expressions].join(',');
}

/** Findings in a selector. */
export function validateSelector(selector: unknown, path: string): readonly FieldError[] {
  if (!isObject(selector)) return [];
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : {};
  const errors: FieldError[] = Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((complaint) => invalid(`${path}.matchLabels`, key, complaint)),
    ...labelValue(String(value)).map((complaint) => invalid(`${path}.matchLabels`, value, complaint)),
  ]);
  objectsAt(selector, 'matchExpressions').forEach((expression, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const values: readonly unknown[] = Array.isArray(expression['values']) ? expression['values'] : [];
    const { operator } = expression;
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0)
        errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0)
        errors.push(
          forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
    } else {
      errors.push(
        operator === '' || operator === undefined
          ? required(`${at}.operator`)
          : notSupported(`${at}.operator`, operator, ['In', 'NotIn', 'Exists', 'DoesNotExist']),
      );
    }
    const key = stringAt(expression, 'key') ?? '';
    errors.push(...qualifiedName(key).map((complaint) => invalid(`${at}.key`, key, complaint)));
  });
  return errors;
}
