import { messageOf } from '@epinio/core';
import {
  at,
  isObject,
  numberAt,
  objectAt,
  objectsAt,
  stringAt,
  textOf,
  type JsonObject,
} from '../../json.ts';
import {
  duplicate,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from '../../schema/field-error.ts';
import { qualifiedName } from '../../schema/names.ts';
import { nonNegative } from '../validate-number.ts';
import { parseIndexes } from './index-set.ts';
import { validateTemplate } from './pod-template.ts';

const MAX_INDEXED = 100_000;
const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

/** Findings in the spec of a job, but for its selector; `path` is where it stands. */
export function validateJobSpec(spec: Readonly<JsonObject>, path: string): readonly FieldError[] {
  return [
    ...nonNegative(
      spec,
      path,
      'parallelism',
      'completions',
      'activeDeadlineSeconds',
      'backoffLimit',
      'ttlSecondsAfterFinished',
      'backoffLimitPerIndex',
      'maxFailedIndexes',
    ),
    ...validateCompletionMode(spec, path),
    ...(isObject(spec['podFailurePolicy']) ? validateFailurePolicy(spec, `${path}.podFailurePolicy`) : []),
    ...(isObject(spec['successPolicy']) ? validateSuccessPolicy(spec, `${path}.successPolicy`) : []),
    ...validateReplacement(spec, `${path}.podReplacementPolicy`),
    ...validateTemplate(spec['template'], `${path}.template`),
    ...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ];
}

function validateCompletionMode(spec: Readonly<JsonObject>, path: string): readonly FieldError[] {
  const { completionMode: mode } = spec;
  const completions = numberAt(spec, 'completions');
  const parallelism = numberAt(spec, 'parallelism') ?? 0;
  const perIndex = numberAt(spec, 'backoffLimitPerIndex');
  const maxFailed = numberAt(spec, 'maxFailedIndexes');
  const errors: FieldError[] = [];
  if (maxFailed !== undefined && perIndex === undefined)
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed')
    errors.push(notSupported(`${path}.completionMode`, mode, ['Indexed', 'NonIndexed']));
  if (mode === 'Indexed') {
    if (completions === undefined)
      errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
    if (parallelism > MAX_INDEXED)
      errors.push(
        invalid(
          `${path}.parallelism`,
          parallelism,
          `must be less than or equal to ${MAX_INDEXED} when completion mode is Indexed`,
        ),
      );
    if (maxFailed !== undefined && completions !== undefined && maxFailed > completions)
      errors.push(
        invalid(`${path}.maxFailedIndexes`, maxFailed, 'must be less than or equal to completions'),
      );
    return errors;
  }
  if (perIndex !== undefined)
    errors.push(invalid(`${path}.backoffLimitPerIndex`, perIndex, 'requires indexed completion mode'));
  if (maxFailed !== undefined)
    errors.push(invalid(`${path}.maxFailedIndexes`, maxFailed, 'requires indexed completion mode'));
  return errors;
}

function validateRestartPolicy(spec: Readonly<JsonObject>, path: string): readonly FieldError[] {
  const policy = at(spec, 'template', 'spec', 'restartPolicy');
  if (policy === 'Always' || policy === undefined || policy === '')
    return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never')
    return [notSupported(path, policy, ['OnFailure', 'Never'])];
  return isObject(spec['podFailurePolicy']) && policy !== 'Never'
    ? [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

function validateReplacement(spec: Readonly<JsonObject>, path: string): readonly FieldError[] {
  const { podReplacementPolicy: policy } = spec;
  if (policy === undefined) return [];
  const supported = isObject(spec['podFailurePolicy']) ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return supported.includes(textOf(policy)) ? [] : [notSupported(path, policy, supported)];
}

function validateFailurePolicy(spec: Readonly<JsonObject>, path: string): readonly FieldError[] {
  const rules = objectsAt(spec, 'podFailurePolicy', 'rules');
  const podSpec = objectAt(spec, 'template', 'spec');
  const names = new Set(
    [...objectsAt(podSpec, 'containers'), ...objectsAt(podSpec, 'initContainers')].map(({ name }) => name),
  );
  return [
    ...(rules.length > MAX_RULES ? [tooMany(`${path}.rules`, rules.length, MAX_RULES)] : []),
    ...rules.flatMap((rule, index) => {
      const at = `${path}.rules[${index}]`;
      const { action, onExitCodes } = rule;
      const conditions = objectsAt(rule, 'onPodConditions');
      const errors: FieldError[] = [];
      if (action === undefined || action === '')
        errors.push(required(`${at}.action`, 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'));
      else if (!ACTIONS.includes(textOf(action))) errors.push(notSupported(`${at}.action`, action, ACTIONS));
      else if (action === 'FailIndex' && spec['backoffLimitPerIndex'] === undefined)
        errors.push(invalid(`${at}.action`, action, 'requires the backoffLimitPerIndex to be set'));
      if (isObject(onExitCodes)) errors.push(...validateExitCodes(onExitCodes, `${at}.onExitCodes`, names));
      conditions.forEach((pattern, position) => {
        const type = stringAt(pattern, 'type') ?? '';
        const field = `${at}.onPodConditions[${position}].type`;
        errors.push(...qualifiedName(type).map((complaint) => invalid(field, type, complaint)));
      });
      if (isObject(onExitCodes) && conditions.length > 0)
        errors.push(ruleError(at, 'specifying both OnExitCodes and OnPodConditions is not supported'));
      if (!isObject(onExitCodes) && conditions.length === 0)
        errors.push(ruleError(at, 'specifying one of OnExitCodes and OnPodConditions is required'));
      return errors;
    }),
  ];
}

function ruleError(field: string, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${why}` };
}

function validateExitCodes(
  requirement: JsonObject,
  path: string,
  names: ReadonlySet<unknown>,
): readonly FieldError[] {
  const { operator, containerName } = requirement;
  const values = Array.isArray(requirement['values']) ? (requirement['values'] as readonly number[]) : [];
  const errors: FieldError[] = [];
  if (operator === undefined || operator === '')
    errors.push(required(`${path}.operator`, 'valid values: ["In" "NotIn"]'));
  else if (operator !== 'In' && operator !== 'NotIn')
    errors.push(notSupported(`${path}.operator`, operator, ['In', 'NotIn']));
  if (containerName !== undefined && !names.has(containerName))
    errors.push(
      invalid(
        `${path}.containerName`,
        containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    );
  if (values.length === 0)
    errors.push(invalid(`${path}.values`, requirement['values'], 'at least one value is required'));
  else if (values.length > MAX_EXIT_CODES)
    errors.push(tooMany(`${path}.values`, values.length, MAX_EXIT_CODES));
  values.forEach((value, index) => {
    const at = `${path}.values[${index}]`;
    if (operator === 'In' && value === 0)
      errors.push(invalid(at, value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < index) errors.push(duplicate(at, value));
  });
  if (values.some((value, index) => value < (values[index - 1] ?? value)))
    errors.push(invalid(`${path}.values`, values, 'must be ordered'));
  return errors;
}

function validateSuccessPolicy(spec: Readonly<JsonObject>, path: string): readonly FieldError[] {
  if (spec['completionMode'] !== 'Indexed')
    return [invalid(path, spec['successPolicy'], 'requires indexed completion mode')];
  const rules = objectsAt(spec, 'successPolicy', 'rules');
  const completions = numberAt(spec, 'completions') ?? 0;
  if (rules.length === 0)
    return [
      required(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified'),
    ];
  return [
    ...(rules.length > MAX_RULES ? [tooMany(`${path}.rules`, rules.length, MAX_RULES)] : []),
    ...rules.flatMap((rule, index) => validateSuccessRule(rule, completions, `${path}.rules[${index}]`)),
  ];
}

function validateSuccessRule(rule: JsonObject, completions: number, path: string): readonly FieldError[] {
  const indexes = stringAt(rule, 'succeededIndexes');
  const count = numberAt(rule, 'succeededCount');
  const errors: FieldError[] = [];
  if (indexes === undefined && count === undefined)
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  let named = 0;
  if (indexes !== undefined) {
    try {
      named = parseIndexes(indexes, completions).length;
    } catch (error) {
      const why = `error parsing succeededIndexes: ${messageOf(error)}`;
      errors.push(invalid(`${path}.succeededIndexes`, indexes, why));
    }
  }
  if (count === undefined) return errors;
  errors.push(...nonNegative(rule, path, 'succeededCount'));
  if (count > completions)
    errors.push(
      invalid(
        `${path}.succeededCount`,
        count,
        `must be less than or equal to ${completions} (the number of specified completions)`,
      ),
    );
  if (indexes !== undefined && count > named)
    errors.push(
      invalid(
        `${path}.succeededCount`,
        count,
        `must be less than or equal to ${named} (the number of indexes in the specified succeededIndexes field)`,
      ),
    );
  return errors;
}
