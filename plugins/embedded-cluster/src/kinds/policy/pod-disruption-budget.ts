import { isObject, textOf } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, notSupported, type FieldError } from '../../schema/field-error.ts';
import { emptyStatus } from '../empty-status.ts';
import { intOrShare } from '../validate-number.ts';
import { validateSelector } from '../workloads/label-selector.ts';
import { specOf } from '../workloads/pod-template.ts';

const UNHEALTHY = ['AlwaysAllow', 'IfHealthyBudget'];

export const podDisruptionBudgetRules: KindRules = {
  generations: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  prepareCreate(budget) {
    budget['status'] = emptyStatus('policy.v1.PodDisruptionBudgetStatus');
  },

  validate(budget) {
    const spec = specOf(budget);
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: unhealthy } = spec;
    const errors: FieldError[] = [];
    if (minAvailable !== undefined && maxUnavailable !== undefined)
      errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
    if (minAvailable !== undefined) errors.push(...intOrShare(minAvailable, 'spec.minAvailable'));
    if (maxUnavailable !== undefined) errors.push(...intOrShare(maxUnavailable, 'spec.maxUnavailable'));
    if (isObject(selector)) errors.push(...validateSelector(selector, 'spec.selector'));
    if (unhealthy !== undefined && !UNHEALTHY.includes(textOf(unhealthy)))
      errors.push(notSupported('spec.unhealthyPodEvictionPolicy', unhealthy, UNHEALTHY));
    return errors;
  },
};
