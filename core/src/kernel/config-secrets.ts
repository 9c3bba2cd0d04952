import type { z } from 'zod';
import { isPlain, structures, wrapped } from './schema-structure.ts';

/**
 * The value without the members that its schema marks as secret: `.meta({ writeOnly: true })`, JSON
 * Schema's own word, or the format "password". For what is written down outside: records, logs.
 */
export function withoutSecrets(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return value;
  const found = structures(schema);
  if (Array.isArray(value)) {
    const element = found.find((def) => 'element' in def)?.element;
    return value.map((item) => withoutSecrets(element, item));
  }
  if (!isPlain(value)) return value;
  const kept = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const own = found
      .map((def) => ('shape' in def ? def.shape[key] : 'valueType' in def ? def.valueType : undefined))
      .find((candidate) => candidate !== undefined);
    return own !== undefined && isSecret(own) ? [] : [[key, withoutSecrets(own, inner)]];
  });
  return Object.fromEntries(kept);
}

/** The mark may be on the schema or on what it wraps: a default, an optional. */
function isSecret(schema: z.ZodType): boolean {
  const meta = schema.meta() as Readonly<Record<string, unknown>> | undefined;
  if (meta?.['writeOnly'] === true || meta?.['format'] === 'password') return true;
  const inner = wrapped(schema);
  return inner !== undefined && isSecret(inner);
}
