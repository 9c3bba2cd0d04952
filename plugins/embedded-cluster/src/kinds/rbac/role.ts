import { isObject, objectsAt } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required, type FieldError } from '../../schema/field-error.ts';
import { pathSegment } from '../../schema/names.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { validateSelector } from '../workloads/label-selector.ts';
import { checkRole } from './escalation.ts';

export const roleRules: KindRules = {
  nameRule: pathSegment,
  createsOnUpdate: true,
  authorize: (next, current, admission) => checkRole('roles', next, current, admission),
  validate: (role) => validateRules(role, true),
};

export const clusterRoleRules: KindRules = {
  nameRule: pathSegment,
  createsOnUpdate: true,
  authorize: (next, current, admission) => checkRole('clusterroles', next, current, admission),
  validate: (role) => [...validateRules(role, false), ...validateAggregation(role)],
};

function validateRules(role: ApiObject, namespaced: boolean): readonly FieldError[] {
  return objectsAt(role, 'rules').flatMap((rule, index) => {
    const path = `rules[${index}]`;
    const count = (field: string): number => (Array.isArray(rule[field]) ? rule[field].length : 0);
    const errors: FieldError[] = [];
    if (count('verbs') === 0) errors.push(required(`${path}.verbs`, 'verbs must contain at least one value'));
    if (count('nonResourceURLs') > 0) {
      const wrong = (why: string): FieldError =>
        invalid(`${path}.nonResourceURLs`, rule['nonResourceURLs'], why);
      if (namespaced) errors.push(wrong('namespaced rules cannot apply to non-resource URLs'));
      if (count('apiGroups') + count('resources') + count('resourceNames') > 0)
        errors.push(wrong('rules cannot apply to both regular resources and non-resource URLs'));
      return errors;
    }
    if (count('apiGroups') === 0)
      errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
    if (count('resources') === 0)
      errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
    return errors;
  });
}

function validateAggregation(role: ApiObject): readonly FieldError[] {
  if (!isObject(role['aggregationRule'])) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = objectsAt(role, 'aggregationRule', 'clusterRoleSelectors');
  if (selectors.length === 0) {
    return [required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, index) => validateSelector(selector, `${path}[${index}]`));
}
