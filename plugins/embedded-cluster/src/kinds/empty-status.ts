import type { JsonObject } from '../json.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { decode } from '../schema/decode.ts';

/** The status of a new object: a client cannot give one, and its zero values are always written. */
export function emptyStatus(type: string): JsonObject {
  return decode(builtinSchema(type), {}, () => undefined);
}
