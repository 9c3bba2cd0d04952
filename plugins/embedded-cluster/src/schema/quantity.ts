/** A resource quantity as an exact number: billionths, and the family of suffixes that it is written with. */
export interface Quantity {
  readonly nano: bigint;
  readonly format: 'binary' | 'decimal' | 'exponent';
}

const NANO = 1_000_000_000n;
const PATTERN = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** What a malformed quantity is refused with, in Kubernetes' words. */
export const QUANTITY_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** @returns undefined for what is no quantity. More than nine decimals are rounded up, as Kubernetes does. */
export function parseQuantity(value: unknown): Quantity | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = PATTERN.exec(String(value).trim());
  if (match === null) return undefined;
  const [, sign, digits = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const mantissa = BigInt(whole + fraction);
  const binary = BINARY.indexOf(suffix);
  const exponent = binary >= 0 ? 0 : exponentOf(suffix);
  if (exponent === undefined || Math.abs(exponent) > 30) return undefined;
  const factor = binary >= 0 ? 1024n ** BigInt(binary) : 1n;
  const nano = scale(mantissa * factor, 9 + exponent - fraction.length);
  const format = binary > 0 ? 'binary' : /^[eE]\d|^[eE][+-]/.test(suffix) ? 'exponent' : 'decimal';
  return { nano: sign === '-' ? -nano : nano, format };
}

/** The canonical form: no fraction, the largest suffix that needs none. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const magnitude = nano < 0n ? -nano : nano;
  if (format === 'binary' && magnitude >= 1024n * NANO && magnitude % NANO === 0n) {
    let value = nano / NANO;
    let step = 0;
    for (; value % 1024n === 0n && step < BINARY.length - 1; step++) value /= 1024n;
    return `${value}${BINARY[step] ?? ''}`;
  }
  let value = nano;
  let step = 0;
  for (; value % 1000n === 0n && step < DECIMAL.length - 1; step++) value /= 1000n;
  if (format !== 'exponent') return `${value}${DECIMAL[step] ?? ''}`;
  return step === 3 ? String(value) : `${value}e${(step - 3) * 3}`;
}

/** The canonical form of a quantity in JSON, or undefined when it is none. */
export function canonicalQuantity(value: unknown): string | undefined {
  const quantity = parseQuantity(value);
  return quantity && formatQuantity(quantity);
}

function exponentOf(suffix: string): number | undefined {
  if (/^[eE][+-]?\d+$/.test(suffix)) return Number(suffix.slice(1));
  const step = DECIMAL.indexOf(suffix);
  return step < 0 ? undefined : (step - 3) * 3;
}

/** value * 10^power, rounded up. */
function scale(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

/** Below zero when `a` is less than `b`. What is no quantity counts as 0. */
export function compareQuantities(a: unknown, b: unknown): number {
  const difference = (parseQuantity(a)?.nano ?? 0n) - (parseQuantity(b)?.nano ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
