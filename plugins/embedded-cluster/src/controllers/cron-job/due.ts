import type { CronJob } from './cron-job-kind.ts';
import type { Schedule } from './schedule.ts';

/** More missed times than this are told. */
const MANY = 100;
const MINUTE = 60_000;

export interface Due {
  /** The last time that has come and is not accounted for, in milliseconds; undefined when none has. */
  readonly time: number | undefined;
  /** The next time that is to come. */
  readonly next: number | undefined;
  /** Too many times have passed without a run. */
  readonly missedMany: boolean;
}

/** Pure: what is due of a schedule. Of the times that were missed only the last one counts. */
export function dueOf(cronJob: CronJob, schedule: Schedule, now: number): Due {
  const { startingDeadlineSeconds: deadline } = cronJob.spec;
  const last = cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp ?? '';
  const earliest = Math.max(Date.parse(last), deadline === undefined ? 0 : now - deadline * 1000);
  const next = schedule.next(now);
  const first = schedule.next(earliest);
  if (first === undefined || first > now) return { time: undefined, next, missedMany: false };
  return {
    time: lastBefore(schedule, earliest, now) ?? first,
    next,
    missedMany: isMany(schedule, first, now),
  };
}

/** Looks back in steps that double, so that a schedule of every minute is not walked through for a year. */
function lastBefore(schedule: Schedule, earliest: number, now: number): number | undefined {
  for (let span = MINUTE; ; span *= 2) {
    const from = Math.max(earliest, now - span);
    let time = schedule.next(from);
    if (time !== undefined && time <= now) {
      for (let later = schedule.next(time); later !== undefined && later <= now; later = schedule.next(time))
        time = later;
      return time;
    }
    if (from === earliest) return undefined;
  }
}

function isMany(schedule: Schedule, first: number, now: number): boolean {
  let time: number | undefined = first;
  for (let count = 0; count < MANY; count++) {
    time = schedule.next(time);
    if (time === undefined || time > now) return false;
  }
  return true;
}

/** Whether a time that has come may not be made up for any more. */
export function isTooLate({ spec }: CronJob, time: number, now: number): boolean {
  const { startingDeadlineSeconds: deadline } = spec;
  return deadline !== undefined && time + deadline * 1000 < now;
}
