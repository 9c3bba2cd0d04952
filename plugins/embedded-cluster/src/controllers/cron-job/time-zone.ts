/** Making a formatter is expensive, and there are few zones. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** How many milliseconds the zone's clock is ahead of UTC at a time. Fails with a RangeError for unknown zones. */
export function shiftOf(timeZone: string, time: number): number {
  if (timeZone === 'UTC') return 0;
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, hourCycle: 'h23', era: 'short' },
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    formatters.set(timeZone, formatter);
  }
  const parts = new Map(formatter.formatToParts(time).map(({ type, value }) => [type, value]));
  const [year, month, day, hour, minute, second] = (
    ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  ).map((type) => Number(parts.get(type))) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

/** RFC 3339 as the zone's clock shows it: "2026-01-02T03:04:00+01:00". */
export function localTime(timeZone: string, time: number): string {
  const shift = shiftOf(timeZone, time);
  const local = new Date(time + shift).toISOString().slice(0, 19);
  if (shift === 0) return `${local}Z`;
  const minutes = Math.abs(shift) / 60_000;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${shift < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
