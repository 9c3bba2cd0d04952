const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** RFC 3339 with whole seconds, as metav1.Time is written. @returns undefined for what is no time. */
export function canonicalTime(value: unknown): string | undefined {
  const time = parse(value);
  return time && `${time.toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with microseconds, as metav1.MicroTime is written. */
export function canonicalMicroTime(value: unknown): string | undefined {
  const time = parse(value);
  if (time === undefined) return undefined;
  const fraction = /\.(\d+)/.exec(String(value))?.[1] ?? '';
  return `${time.toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

/** Now, or another moment, with whole seconds. */
export function timestamp(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== newest.second)
    newest = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  return newest.text;
}

/** The last answer: a thousand writes in a second have one time. */
let newest = { second: Number.NaN, text: '' };

function parse(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !RFC3339.test(value)) return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
