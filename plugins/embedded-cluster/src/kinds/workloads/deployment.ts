import { equal, isObject, numberAt, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, type FieldError } from '../../schema/field-error.ts';
import { intOrPercent, intOrShare, isNone, nonNegative } from '../validate-number.ts';
import { setTemplateDefaults, specOf, validateReplicated } from './pod-template.ts';

export const deploymentRules: KindRules = {
  generations: 'with annotations',
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {}, 'f:metadata': { 'f:labels': {} } } },

  setDefaults(deployment) {
    const spec = specOf(deployment);
    spec['replicas'] ??= 1;
    spec['revisionHistoryLimit'] ??= 10;
    spec['progressDeadlineSeconds'] ??= 600;
    const strategy: JsonObject = isObject(spec['strategy']) ? spec['strategy'] : {};
    spec['strategy'] = strategy;
    strategy['type'] ??= 'RollingUpdate';
    if (strategy['type'] === 'RollingUpdate') {
      const rolling: JsonObject = isObject(strategy['rollingUpdate']) ? strategy['rollingUpdate'] : {};
      strategy['rollingUpdate'] = rolling;
      rolling['maxUnavailable'] ??= '25%';
      rolling['maxSurge'] ??= '25%';
    }
    setTemplateDefaults(spec);
  },

  prepareCreate(deployment) {
    deployment['status'] = {};
  },

  validate(deployment) {
    const spec = specOf(deployment);
    return [...validateReplicated(spec), ...validateStrategy(spec), ...validateTimes(spec)];
  },

  validateUpdate: (next, current) => immutableSelector(specOf(next), specOf(current)),
};

/** The selector of what owns pods never changes: it would leave the old pods to nobody. */
export function immutableSelector(next: JsonObject, current: JsonObject): readonly FieldError[] {
  return equal(next['selector'], current['selector'])
    ? []
    : [invalid('spec.selector', next['selector'], 'field is immutable')];
}

function validateStrategy(spec: JsonObject): readonly FieldError[] {
  const strategy = isObject(spec['strategy']) ? spec['strategy'] : {};
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate') {
    return rollingUpdate === undefined
      ? []
      : [forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== 'RollingUpdate')
    return [notSupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate'])];
  if (!isObject(rollingUpdate)) return [];
  const path = 'spec.strategy.rollingUpdate';
  const errors = [
    ...intOrShare(rollingUpdate['maxUnavailable'], `${path}.maxUnavailable`),
    ...intOrPercent(rollingUpdate['maxSurge'], `${path}.maxSurge`),
  ];
  if (isNone(rollingUpdate['maxUnavailable']) && isNone(rollingUpdate['maxSurge'])) {
    errors.push(
      invalid(`${path}.maxUnavailable`, rollingUpdate['maxUnavailable'], 'may not be 0 when `maxSurge` is 0'),
    );
  }
  return errors;
}

function validateTimes(spec: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [
    ...nonNegative(spec, 'spec', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'),
  ];
  const deadline = numberAt(spec, 'progressDeadlineSeconds');
  if (deadline !== undefined && deadline <= (numberAt(spec, 'minReadySeconds') ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}
