import { numberAt, type JsonObject } from '../json.ts';
import { invalid, type FieldError } from '../schema/field-error.ts';

/** Findings in numbers that may not be negative; absent ones are fine. `path` is where the object stands: "spec". */
export function nonNegative(
  object: Readonly<JsonObject>,
  path: string,
  ...names: readonly string[]
): readonly FieldError[] {
  return names.flatMap((name) => {
    const value = numberAt(object, name) ?? 0;
    return value < 0 ? [invalid(`${path}.${name}`, value, 'must be greater than or equal to 0')] : [];
  });
}

/** Findings in "how many of them": a number, or a percentage. */
export function intOrPercent(value: unknown, path: string): readonly FieldError[] {
  if (typeof value === 'number')
    return value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];
  if (/^[0-9]+%$/.test(String(value))) return [];
  return [
    invalid(
      path,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  ];
}

/** As `intOrPercent`, where more than all makes no sense. */
export function intOrShare(value: unknown, path: string): readonly FieldError[] {
  const tooMuch = /^[0-9]+%$/.test(String(value)) && Number.parseInt(String(value), 10) > 100;
  return [
    ...intOrPercent(value, path),
    ...(tooMuch ? [invalid(path, value, 'must not be greater than 100%')] : []),
  ];
}

/** True for 0 and "0%". */
export function isNone(value: unknown): boolean {
  return value === 0 || value === '0%';
}
