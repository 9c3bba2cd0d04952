import type { Job, Pod, PodTemplateSpec } from '@epinio/core';
import { parseIndexes } from '../../kinds/workloads/index-set.ts';
import { isCounted, matchingRule } from './failure-policy.ts';
import { policiesOf } from './job-policies.ts';
import type { JobPods } from './outcome.ts';
import { failedAt, pauseAfter } from './pause.ts';

const INDEX = 'batch.kubernetes.io/job-completion-index';
const FAILURES = 'batch.kubernetes.io/job-index-failure-count';
const VARIABLE = 'JOB_COMPLETION_INDEX';

/** How far the indexes of an Indexed job have come. */
export interface Indexes {
  readonly succeeded: ReadonlySet<number>;
  /** Given up; only with backoffLimitPerIndex. */
  readonly failed: ReadonlySet<number>;
}

export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[INDEX] ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** What the status remembers, and what the pods that are there add to it. */
export function indexesOf(job: Job, pods: JobPods): Indexes {
  const { completions = 0 } = job.spec;
  const inRange = (pod: Pod): readonly number[] => {
    const index = indexOf(pod);
    return index === undefined || index >= completions ? [] : [index];
  };
  const { completedIndexes = '', failedIndexes = '' } = (job.status ?? {}) as {
    readonly completedIndexes?: string;
    readonly failedIndexes?: string;
  };
  const succeeded = new Set([...known(completedIndexes, completions), ...pods.succeeded.flatMap(inRange)]);
  const givenUp = pods.failed.filter((pod) => isGivenUp(job, pod)).flatMap(inRange);
  const failed = [...known(failedIndexes, completions), ...givenUp].filter((index) => !succeeded.has(index));
  return { succeeded, failed: new Set(failed) };
}

/** Completions may have been lowered since: what is beyond them is forgotten. */
function known(text: string, completions: number): readonly number[] {
  return parseIndexes(text, Number.MAX_SAFE_INTEGER).filter((index) => index < completions);
}

function isGivenUp(job: Job, pod: Pod): boolean {
  const { backoffLimitPerIndex: limit } = policiesOf(job);
  if (limit === undefined) return false;
  if (matchingRule(job, pod)?.action === 'FailIndex') return true;
  return isCounted(job, pod) && failuresBefore(pod) >= limit;
}

/** The failures of the index that were before this pod. */
function failuresBefore({ metadata }: Pod): number {
  return Number(metadata.annotations?.[FAILURES] ?? 0) || 0;
}

/** Pods that are of no use any more: of an index that has another, is done, given up, or beyond the completions. */
export function sparePods(job: Job, active: readonly Pod[], { succeeded, failed }: Indexes): readonly Pod[] {
  const taken = new Set<number>();
  return active.filter((pod) => {
    const index = indexOf(pod);
    if (index === undefined || index >= (job.spec.completions ?? 0)) return true;
    if (succeeded.has(index) || failed.has(index) || taken.has(index)) return true;
    taken.add(index);
    return false;
  });
}

export interface NextIndexes {
  readonly indexes: readonly number[];
  /** Milliseconds until the next one may be tried again; 0 when none has to wait. */
  readonly pauseMs: number;
}

/** The lowest indexes that want a pod, up to `count`. With a limit for each index each waits for itself. */
export function nextIndexes(
  job: Job,
  pods: JobPods,
  indexes: Indexes,
  count: number,
  now: number,
): NextIndexes {
  const { backoffLimitPerIndex, podReplacementPolicy } = policiesOf(job);
  const waits = podReplacementPolicy === 'Failed' ? [...pods.active, ...pods.terminating] : pods.active;
  const busy = new Set(waits.map(indexOf));
  const found: number[] = [];
  const pauses: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && found.length < count; index++) {
    if (busy.has(index) || indexes.succeeded.has(index) || indexes.failed.has(index)) continue;
    const failures =
      backoffLimitPerIndex === undefined ? [] : pods.failed.filter((pod) => indexOf(pod) === index);
    const counted = failureCount(job, failures);
    const last = Math.max(0, ...failures.map(failedAt));
    const pauseMs = counted === 0 ? 0 : last + pauseAfter(counted) - now;
    if (pauseMs > 0) pauses.push(pauseMs);
    else found.push(index);
  }
  return { indexes: found, pauseMs: pauses.length === 0 ? 0 : Math.min(...pauses) };
}

function failureCount(job: Job, failures: readonly Pod[]): number {
  return Math.max(0, ...failures.map((pod) => failuresBefore(pod) + (isCounted(job, pod) ? 1 : 0)));
}

/** The template of one index: it knows its number by label, annotation, host name and environment. */
export function indexedTemplate(job: Job, pods: JobPods, index: number): PodTemplateSpec {
  const { template } = job.spec;
  const { metadata, spec } = template;
  const perIndex = policiesOf(job).backoffLimitPerIndex !== undefined;
  const failures = failureCount(
    job,
    pods.failed.filter((pod) => indexOf(pod) === index),
  );
  const fieldRef = { fieldPath: `metadata.labels['${INDEX}']` };
  const withIndex = (container: Pod['spec']['containers'][number]): Pod['spec']['containers'][number] => {
    const { env = [] } = container;
    return env.some(({ name }) => name === VARIABLE)
      ? container
      : { ...container, env: [...env, { name: VARIABLE, valueFrom: { fieldRef } }] };
  };
  return {
    ...template,
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, [INDEX]: String(index) },
      annotations: {
        ...metadata?.annotations,
        [INDEX]: String(index),
        ...(perIndex ? { [FAILURES]: String(failures) } : {}),
      },
    },
    spec: {
      ...spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndex) }),
    },
  };
}
