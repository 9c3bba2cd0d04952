/** A schedule as Kubernetes reads it: five fields, or a fixed time between runs. Worded as its parser does. */
export type CronFields =
  | { readonly everyMs: number }
  | {
      readonly minutes: CronField;
      readonly hours: CronField;
      readonly daysOfMonth: CronField;
      readonly months: CronField;
      readonly daysOfWeek: CronField;
    };

/** The values that match; `*` is not the same as all values when a day may match by month or by week. */
export type CronField = '*' | readonly number[];

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const EVERY = '@every ';

/** Fails with an Error that says what is wrong. */
export function parseCron(text: string): CronFields {
  if (text === '') throw new Error('empty spec string');
  if (text.startsWith(EVERY)) return { everyMs: parseEvery(text) };
  if (text.startsWith('@') && DESCRIPTORS[text] === undefined)
    throw new Error(`unrecognized descriptor: ${text}`);
  const fields = (DESCRIPTORS[text] ?? text).split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5)
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = fields;
  return {
    minutes: parseField(minute, { min: 0, max: 59, names: [] }),
    hours: parseField(hour, { min: 0, max: 23, names: [] }),
    daysOfMonth: parseField(dayOfMonth, { min: 1, max: 31, names: [] }),
    months: parseField(month, { min: 1, max: 12, names: MONTHS }),
    daysOfWeek: parseField(dayOfWeek, { min: 0, max: 6, names: DAYS }),
  };
}

function parseField(field: string, bounds: Bounds): CronField {
  const values = new Set<number>();
  let star = false;
  for (const range of field.split(',').filter((part) => part !== '')) {
    const { start, end, step, isStar } = parseRange(range, bounds);
    star ||= isStar;
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return star ? '*' : [...values].sort((a, b) => a - b);
}

function parseRange(
  range: string,
  { min, max, names }: Bounds,
): { readonly start: number; readonly end: number; readonly step: number; readonly isStar: boolean } {
  const [span = '', stepText, ...moreSteps] = range.split('/');
  const [low = '', high, ...moreParts] = span.split('-');
  const any = low === '*' || low === '?';
  if (!any && moreParts.length > 0) throw new Error(`too many hyphens: ${range}`);
  const start = any ? min : numberOrName(low, names);
  let end = any ? max : high === undefined ? start : numberOrName(high, names);
  if (moreSteps.length > 0) throw new Error(`too many slashes: ${range}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (stepText !== undefined && high === undefined) end = max; // "5/10" goes on to the end
  if (start < min) throw new Error(`beginning of range (${start}) below minimum (${min}): ${range}`);
  if (end > max) throw new Error(`end of range (${end}) above maximum (${max}): ${range}`);
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${range}`);
  if (step === 0) throw new Error(`step of range should be a positive number: ${range}`);
  return { start, end, step, isStar: any && step === 1 };
}

function numberOrName(text: string, names: readonly string[]): number {
  const index = text === '' ? -1 : names.indexOf(text.toLowerCase());
  return index >= 0 ? index : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  const value = Number(text);
  if (value < 0) throw new Error(`negative number (${value}) not allowed: ${text}`);
  return value;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** "@every 1h30m" in whole seconds, one at least. */
function parseEvery(text: string): number {
  const duration = text.slice(EVERY.length);
  const fail = (why: string): never => {
    throw new Error(`failed to parse duration ${text}: time: ${why} ${JSON.stringify(duration)}`);
  };
  const match = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(duration);
  if (match === null)
    return /^[+-]?\d+(\.\d*)?$/.test(duration) ? fail('missing unit in duration') : fail('invalid duration');
  const [, sign, parts = ''] = match;
  let total = 0;
  for (const [, amount = '0', unit = ''] of parts.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g))
    total += Number(amount) * (UNIT_MS[unit] ?? 0);
  return sign === '-' ? 1000 : Math.max(1000, Math.floor(total / 1000) * 1000);
}
