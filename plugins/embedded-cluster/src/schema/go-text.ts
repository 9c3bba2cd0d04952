import { isObject, textOf } from '../json.ts';

/** A JSON value as Go prints it, in messages about patches: `map[spec:map[replicas:x]]`. */
export function goText(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return textOf(value);
  const entries = Object.keys(value)
    .sort()
    .map((name) => `${name}:${goText(value[name])}`);
  return `map[${entries.join(' ')}]`;
}

/** What Go calls the kind of a JSON value. */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (isObject(value)) return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Why a value that is there already, and not read from a text, is not of a type. */
export function conversionError(value: unknown, type: string): string {
  const kind = goKind(value);
  if (type.startsWith('map[')) return `cannot restore map from ${kind}`;
  if (type.startsWith('[]')) return `cannot restore slice from ${kind}`;
  if (type.includes('.')) return `cannot restore struct from: ${kind}`;
  return kind === 'int64' ? `cannot convert int64 to ${type}` : `unrecognized type: ${type}`;
}
