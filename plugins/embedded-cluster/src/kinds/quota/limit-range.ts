import { isObject, objectAt, objectsAt, stringAt, textOf, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { duplicate, forbidden, invalid, required, type FieldError } from '../../schema/field-error.ts';
import { compareQuantities } from '../../schema/quantity.ts';

export const limitRangeRules: KindRules = {
  createsOnUpdate: true,

  /** Of containers: a limit that is the maximum, a request that is the limit, else the minimum. */
  setDefaults(limitRange) {
    for (const limit of objectsAt(limitRange, 'spec', 'limits')) {
      if (limit['type'] !== 'Container') continue;
      const defaults: JsonObject = { ...objectAt(limit, 'max'), ...objectAt(limit, 'default') };
      const requests: JsonObject = {
        ...objectAt(limit, 'min'),
        ...defaults,
        ...objectAt(limit, 'defaultRequest'),
      };
      if (Object.keys(defaults).length > 0) limit['default'] = defaults;
      if (Object.keys(requests).length > 0) limit['defaultRequest'] = requests;
    }
  },

  validate(limitRange) {
    const types = new Set<string>();
    return objectsAt(limitRange, 'spec', 'limits').flatMap((limit, index) => {
      const path = `spec.limits[${index}]`;
      const type = stringAt(limit, 'type') ?? '';
      const errors = [...validateType(limit, type, path), ...validateOrder(limit, path)];
      if (types.has(type)) errors.push(duplicate(`${path}.type`, type));
      types.add(type);
      return errors;
    });
  },
};

function validateType(limit: JsonObject, type: string, path: string): readonly FieldError[] {
  if (type === '') return [required(`${path}.type`)];
  const errors: FieldError[] = [];
  if (type === 'Pod') {
    for (const name of ['default', 'defaultRequest'])
      if (isObject(limit[name]) && Object.keys(limit[name]).length > 0)
        errors.push(forbidden(`${path}.${name}`, "may not be specified when `type` is 'Pod'"));
  }
  const bounded = ['min', 'max'].some((name) => objectAt(limit, name)['storage'] !== undefined);
  if (type === 'PersistentVolumeClaim' && !bounded)
    errors.push(
      required(
        `${path}.limits`,
        'either minimum or maximum storage value is required, but neither was provided',
      ),
    );
  return errors;
}

/** Pairs of which the first may not be greater than the second, with the field that is to blame. */
const ORDER = [
  ['min', 'max', 'min', 'min value', 'max value'],
  ['min', 'defaultRequest', 'defaultRequest', 'min value', 'default request value'],
  ['defaultRequest', 'max', 'defaultRequest', 'default request value', 'max value'],
  ['defaultRequest', 'default', 'defaultRequest', 'default request value', 'default limit value'],
  ['min', 'default', 'default', 'min value', 'default value'],
  ['default', 'max', 'default', 'default value', 'max value'],
] as const;

function validateOrder(limit: JsonObject, path: string): readonly FieldError[] {
  const names = new Set(
    ['min', 'max', 'default', 'defaultRequest'].flatMap((field) => Object.keys(objectAt(limit, field))),
  );
  return [...names].flatMap((name) =>
    ORDER.flatMap(([low, high, field, lowText, highText]) => {
      const less = objectAt(limit, low)[name];
      const more = objectAt(limit, high)[name];
      if (less === undefined || more === undefined || compareQuantities(less, more) <= 0) return [];
      const why = `${lowText} ${textOf(less)} is greater than ${highText} ${textOf(more)}`;
      return [invalid(`${path}.${field}[${name}]`, objectAt(limit, field)[name], why)];
    }),
  );
}
