import type { Cron } from 'croner';
import { parseCron, type CronField, type CronFields } from '../../kinds/cron/cron-fields.ts';
import { shiftOf } from './time-zone.ts';

/** When a CronJob is to run. */
export interface Schedule {
  /** The first time after `after`, in milliseconds; undefined when there is none: "0 0 31 2 *". */
  next(after: number): number | undefined;
}

/** Fails with an Error for what is no schedule, and a RangeError for an unknown time zone. */
export async function openSchedule(text: string, timeZone = 'UTC'): Promise<Schedule> {
  const fields = parseCron(text);
  if ('everyMs' in fields) {
    // As Kubernetes' parser has it: so long after the last one, on a whole second.
    return { next: (after) => Math.floor((after + fields.everyMs) / 1000) * 1000 };
  }
  const { Cron } = await import('croner');
  const calendar = new Cron(patternOf(fields), { timezone: 'UTC', paused: true });
  return { next: (after) => nextInZone(calendar, timeZone, after) };
}

function patternOf(fields: Exclude<CronFields, { readonly everyMs: number }>): string {
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = fields;
  return [minutes, hours, daysOfMonth, months, daysOfWeek].map(fieldText).join(' ');
}

function fieldText(field: CronField): string {
  return field === '*' ? '*' : field.join(',');
}

/**
 * The calendar knows no time zones: it is asked in the time of the zone's clock. Where that clock is moved between
 * then and now, the search goes on from the move: times that it skips never come, times that it repeats come twice.
 */
function nextInZone(calendar: Cron, timeZone: string, after: number): number | undefined {
  let from = after;
  let shift = shiftOf(timeZone, from);
  for (;;) {
    const local = calendar.nextRun(new Date(from + shift));
    if (local === null) return undefined;
    const time = local.getTime() - shift;
    const shiftThen = shiftOf(timeZone, time);
    if (shiftThen === shift) return time;
    const moved = moveAfter(timeZone, shift, from + 1, time);
    shift = shiftOf(timeZone, moved);
    from = moved - 1; // the move itself is a time that may match
  }
}

/** The first second at which the zone's clock is no longer ahead by `shift`. */
function moveAfter(timeZone: string, shift: number, from: number, to: number): number {
  let low = Math.floor(from / 1000);
  let high = Math.ceil(to / 1000);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shiftOf(timeZone, middle * 1000) === shift) low = middle;
    else high = middle;
  }
  return high * 1000;
}
