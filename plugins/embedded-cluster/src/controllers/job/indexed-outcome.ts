import type { Job } from '@epinio/core';
import { parseIndexes } from '../../kinds/workloads/index-set.ts';
import type { Indexes } from './indexes.ts';
import { policiesOf, type SuccessRule } from './job-policies.ts';
import type { Outcome } from './outcome.ts';

/** Pure: the end that an Indexed job has come to by its indexes, if it has. */
export function indexedOutcome(job: Job, { succeeded, failed }: Indexes): Outcome | undefined {
  const { maxFailedIndexes } = policiesOf(job);
  const { completions = 0 } = job.spec;
  if (maxFailedIndexes !== undefined && failed.size > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return { type: 'Failed', reason: 'MaxFailedIndexesExceeded', message };
  }
  if (failed.size > 0 && succeeded.size + failed.size >= completions)
    return { type: 'Failed', reason: 'FailedIndexes', message: 'Job has failed indexes' };
  const rules = policiesOf(job).successPolicy?.rules ?? [];
  const rule = rules.findIndex((each) => isMet(each, succeeded, completions));
  if (rule >= 0)
    return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` };
  if (succeeded.size < completions) return undefined;
  return {
    type: 'Complete',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  };
}

function isMet(rule: SuccessRule, succeeded: ReadonlySet<number>, completions: number): boolean {
  const { succeededIndexes, succeededCount } = rule;
  if (succeeded.size === 0) return false;
  if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount;
  const wanted = parseIndexes(succeededIndexes, completions);
  return wanted.filter((index) => succeeded.has(index)).length >= (succeededCount ?? wanted.length);
}
