import type { Job } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';
import type { CronJob } from './cron-job-kind.ts';

/** "Complete", "Failed", or undefined for a job that goes on. */
export function endOf({ status }: Job): 'Complete' | 'Failed' | undefined {
  return (['Complete', 'Failed'] as const).find(
    (type) => conditionOf(status?.conditions, type)?.status === 'True',
  );
}

/** Finished jobs that are more than the history is to hold, oldest first. */
export function surplusJobs({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const { successfulJobsHistoryLimit: successes = 3, failedJobsHistoryLimit: failures = 1 } = spec;
  const surplus = (end: 'Complete' | 'Failed', limit: number): readonly Job[] => {
    const ended = jobs.filter((job) => endOf(job) === end).sort(byStart);
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...surplus('Complete', successes), ...surplus('Failed', failures)];
}

function byStart(a: Job, b: Job): number {
  const start = ({ status, metadata }: Job): number =>
    Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '');
  return start(a) - start(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}
