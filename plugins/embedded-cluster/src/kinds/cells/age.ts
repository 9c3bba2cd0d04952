const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** How long ago, as `kubectl` writes it: "42s", "3m12s", "5d". "<unknown>" without a time. */
export function age(time: string | undefined, now: number): string {
  const then = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(then) ? '<unknown>' : duration(now - then);
}

/** A span of milliseconds with the two digits that matter. */
export function duration(span: number): string {
  if (span < -SECOND) return '<invalid>';
  const ms = Math.max(0, span);
  const whole = (unit: number): number => Math.floor(ms / unit);
  if (ms < 2 * MINUTE) return `${whole(SECOND)}s`;
  if (ms < 10 * MINUTE) return two(whole(MINUTE), 'm', whole(SECOND) % 60, 's');
  if (ms < 3 * HOUR) return `${whole(MINUTE)}m`;
  if (ms < 8 * HOUR) return two(whole(HOUR), 'h', whole(MINUTE) % 60, 'm');
  if (ms < 2 * DAY) return `${whole(HOUR)}h`;
  if (ms < 8 * DAY) return two(whole(DAY), 'd', whole(HOUR) % 24, 'h');
  if (ms < 2 * YEAR) return `${whole(DAY)}d`;
  return ms < 8 * YEAR ? two(whole(YEAR), 'y', whole(DAY) % 365, 'd') : `${whole(YEAR)}y`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
