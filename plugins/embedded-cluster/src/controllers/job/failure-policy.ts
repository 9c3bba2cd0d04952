import type { Job, Pod } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';
import { policiesOf, type FailureRule } from './job-policies.ts';

/** The first rule of podFailurePolicy that a failed pod falls under. */
export function matchingRule(job: Job, pod: Pod): FailureRule | undefined {
  return policiesOf(job).podFailurePolicy?.rules?.find((rule) => matches(rule, pod));
}

/** Whether the failure counts against a limit. */
export function isCounted(job: Job, pod: Pod): boolean {
  return matchingRule(job, pod)?.action !== 'Ignore';
}

/** Why a failed pod ends its Job at once, if a rule says that it does. */
export function failJobMessage(job: Job, pod: Pod): string | undefined {
  const rules = policiesOf(job).podFailurePolicy?.rules ?? [];
  const index = rules.findIndex((rule) => matches(rule, pod));
  const rule = rules[index];
  if (rule?.action !== 'FailJob') return undefined;
  const { namespace = '', name } = pod.metadata;
  const matching = `matching FailJob rule at index ${index}`;
  const container = matchingContainer(rule, pod);
  return container === undefined
    ? `Pod ${namespace}/${name} has condition ${matchingCondition(rule, pod) ?? ''} ${matching}`
    : `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${container.exitCode} ${matching}`;
}

function matches(rule: FailureRule, pod: Pod): boolean {
  return (
    (rule.onExitCodes === undefined ? matchingCondition(rule, pod) : matchingContainer(rule, pod)) !==
    undefined
  );
}

function matchingContainer(
  { onExitCodes }: FailureRule,
  { status }: Pod,
): { readonly name: string; readonly exitCode: number } | undefined {
  if (onExitCodes === undefined) return undefined;
  const { containerName, operator, values } = onExitCodes;
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
    .filter(({ name }) => containerName === undefined || name === containerName)
    .map(({ name, state }) => ({ name, exitCode: state?.terminated?.exitCode ?? 0 }))
    .find(({ exitCode }) => exitCode !== 0 && values.includes(exitCode) === (operator === 'In'));
}

function matchingCondition({ onPodConditions = [] }: FailureRule, { status }: Pod): string | undefined {
  return onPodConditions.find(
    ({ type, status: wanted = 'True' }) => conditionOf(status?.conditions, type)?.status === wanted,
  )?.type;
}
