import type { Job } from '@epinio/core';

/** Fields of a job's spec that say when a pod or an index counts. */
export interface JobPolicies {
  readonly completionMode?: 'NonIndexed' | 'Indexed';
  readonly backoffLimitPerIndex?: number;
  readonly maxFailedIndexes?: number;
  readonly podReplacementPolicy?: 'TerminatingOrFailed' | 'Failed';
  readonly podFailurePolicy?: { readonly rules?: readonly FailureRule[] };
  readonly successPolicy?: { readonly rules?: readonly SuccessRule[] };
}

export interface FailureRule {
  readonly action: 'FailJob' | 'Ignore' | 'Count' | 'FailIndex';
  readonly onExitCodes?: {
    readonly containerName?: string;
    readonly operator: 'In' | 'NotIn';
    readonly values: readonly number[];
  };
  readonly onPodConditions?: readonly { readonly type: string; readonly status?: string }[];
}

export interface SuccessRule {
  readonly succeededIndexes?: string;
  readonly succeededCount?: number;
}

export function policiesOf({ spec }: Job): JobPolicies {
  return spec as JobPolicies;
}

export function isIndexed(job: Job): boolean {
  return policiesOf(job).completionMode === 'Indexed';
}
