import type { JsonObject } from '../json.ts';

/** Messages whose JSON form is not an object of their fields. */
export const WELL_KNOWN: Readonly<Record<string, (message: JsonObject) => unknown>> = {
  'meta.v1.Time': ({ seconds }) => time(seconds, 0),
  'meta.v1.MicroTime': ({ seconds, nanos }) => time(seconds, typeof nanos === 'number' ? nanos : 0, 6),
  'api.resource.Quantity': ({ string }) => string ?? '0',
  'util.intstr.IntOrString': ({ type, intVal, strVal }) => (type === 1 ? (strVal ?? '') : (intVal ?? 0)),
  'meta.v1.FieldsV1': ({ Raw }) => json(Raw),
  'runtime.RawExtension': ({ raw }) => json(raw),
  'authorization.v1.ExtraValue': ({ items }) => items ?? [],
  'authentication.v1.ExtraValue': ({ items }) => items ?? [],
};

/** The zero time of Go is an empty message, and null in JSON. */
function time(seconds: unknown, nanos: number, digits = 0): string | null {
  if (typeof seconds !== 'number') return null;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(digits, '0')}Z`;
}

function json(base64: unknown): unknown {
  return typeof base64 === 'string' && base64 !== ''
    ? (JSON.parse(Buffer.from(base64, 'base64').toString()) as unknown)
    : null;
}
