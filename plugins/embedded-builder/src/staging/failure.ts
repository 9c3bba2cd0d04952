import type { Job, Pod } from '@epinio/core';
import type { Config } from '../config.ts';
import { ERROR_PREFIX } from '../lifecycle/output.ts';
import { containerStatuses, isCanceled, isTooLate } from './run-state.ts';

/** What is known of a run that failed. */
export interface FailedRun {
  readonly job: Job;
  readonly pod: Pod | undefined;
  /** The end of the failed container's log. */
  readonly lines: readonly string[];
  readonly config: Pick<Config, 'buildTimeoutSeconds' | 'memory' | 'disk'>;
}

export interface FailedContainer {
  readonly name: string;
  readonly exitCode: number;
  readonly reason: string | undefined;
  readonly message: string | undefined;
}

/** The container that made a run fail; undefined when none did. */
export function failedContainer(pod: Pod | undefined): FailedContainer | undefined {
  for (const { name, state } of pod === undefined ? [] : containerStatuses(pod)) {
    const ended = state?.terminated;
    if (ended === undefined || ended.exitCode === 0) continue;
    return { name, exitCode: ended.exitCode, reason: ended.reason, message: ended.message };
  }
  return undefined;
}

/** Pure: why a run failed, in one sentence. */
export function failureMessage({ job, pod, lines, config }: FailedRun): string {
  if (isCanceled(job)) return 'canceled';
  const container = failedContainer(pod);
  if (isTooLate(job, pod))
    return `the build took longer than ${config.buildTimeoutSeconds} s${waitingFor(pod)}`;
  if (pod?.status?.reason === 'Evicted') {
    return `the build used more disk than its limit of ${config.disk}${said(pod.status.message)}`;
  }
  if (container?.reason === 'OOMKilled')
    return `the build used more memory than its limit of ${config.memory}`;
  const closing = [...lines, ...(container?.message?.split('\n') ?? [])].findLast((line) =>
    line.startsWith(ERROR_PREFIX),
  );
  if (closing !== undefined) return closing.slice(ERROR_PREFIX.length);
  if (container !== undefined) {
    const { name, exitCode, reason, message } = container;
    const why = reason === undefined || reason === 'Error' ? '' : ` (${reason})`;
    return `container "${name}" ended with exit code ${exitCode}${why}${lines.length === 0 ? said(message) : ''}`;
  }
  const condition = job.status?.conditions?.find(({ type }) => type === 'Failed');
  return `the build ended before it was done${said(pod?.status?.message ?? condition?.message)}`;
}

/** What kept a pod from starting, if anything did. */
function waitingFor(pod: Pod | undefined): string {
  const waiting =
    pod === undefined ? [] : containerStatuses(pod).flatMap(({ state }) => state?.waiting ?? []);
  const reason = waiting.find(({ message }) => message !== undefined);
  return reason === undefined ? '' : `; it waited: ${reason.message ?? ''}`;
}

function said(message: string | undefined): string {
  return message === undefined || message === '' ? '' : `: ${message.trim()}`;
}
