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

function matches({ onExitCodes, onPodConditions }: FailureRule, { status }: Pod): boolean {
  if (onExitCodes !== undefined) {
    const { containerName, operator, values } = onExitCodes;
    return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
      .filter(({ name }) => containerName === undefined || name === containerName)
      .map(({ state }) => state?.terminated?.exitCode ?? 0)
      .some((code) => code !== 0 && values.includes(code) === (operator === 'In'));
  }
  return (onPodConditions ?? []).some(({ type, status: wanted = 'True' }) => {
    return conditionOf(status?.conditions, type)?.status === wanted;
  });
}
