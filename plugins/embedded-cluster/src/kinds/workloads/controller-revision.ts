import { equal, isObject, numberAt } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';

/** One version of what a StatefulSet or DaemonSet makes its pods of. */
export const controllerRevisionRules: KindRules = {
  validate(controllerRevision) {
    const { data } = controllerRevision;
    const revision = numberAt(controllerRevision, 'revision') ?? 0;
    const errors: FieldError[] = [];
    if (revision < 0) errors.push(invalid('revision', revision, 'must be greater than or equal to 0'));
    if (data === undefined || data === null) errors.push(required('data', 'data is mandatory'));
    else if (!isObject(data)) errors.push(required('data', 'data must be a valid JSON object'));
    return errors;
  },
  validateUpdate: (next, current) =>
    equal(next['data'], current['data']) ? [] : [invalid('data', next['data'], 'field is immutable')],
};
