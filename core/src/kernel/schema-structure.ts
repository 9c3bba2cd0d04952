import type { z } from 'zod';

/** A schema that has parts: an object, a list, a record. */
export type Structure =
  | { readonly shape: Readonly<Record<string, z.ZodType | undefined>> }
  | { readonly element: z.ZodType }
  | { readonly valueType: z.ZodType };

/** The structured schemas behind wrappers. Read from the definition, since another copy of zod has other classes. */
export function structures(schema: z.ZodType): Structure[] {
  const def = schema._zod.def as unknown as Record<string, unknown>;
  if (typeof def['shape'] === 'object' || 'element' in def || 'valueType' in def) return [def as Structure];
  if (Array.isArray(def['options'])) return (def['options'] as z.ZodType[]).flatMap(structures);
  const inner = wrapped(schema);
  return inner === undefined ? [] : structures(inner);
}

/** What a default, an optional or a pipe is around. */
export function wrapped(schema: z.ZodType): z.ZodType | undefined {
  const def = schema._zod.def as unknown as Readonly<Record<string, z.ZodType | undefined>>;
  return def['innerType'] ?? def['in'];
}

/** True for an object of keys and values, of any realm. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schema of the value at a path, through defaults, optionals and unions. */
export function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema;
  for (const key of path) {
    if (current === undefined) return undefined;
    current = structures(current)
      .map((def) =>
        'shape' in def ? def.shape[String(key)] : 'element' in def ? def.element : def.valueType,
      )
      .find((found) => found !== undefined);
  }
  return current;
}
