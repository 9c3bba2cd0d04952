import { z } from 'zod';

/**
 * The published JSON models: what existing clients send and read. Keys, their order, and what is left out
 * when empty are part of the interface. Requests are read leniently, as Go clients write them: an empty
 * list or map may come as `null`, and keys that are not known are ignored.
 */
export const metaLite = z
  .object({
    name: z.string(),
    createdAt: z.string().nullable().describe('RFC 3339 in UTC with seconds; null when unset'),
  })
  .meta({ id: 'MetaLite' });
export type MetaLite = z.infer<typeof metaLite>;

export const appRef = z
  .object({
    name: z.string(),
    namespace: z.string().optional(),
    createdAt: z.string().nullable().describe('RFC 3339 in UTC with seconds; null when unset'),
  })
  .meta({ id: 'AppRef', example: { name: 'sample', namespace: 'workspace', createdAt: null } });
export type AppRef = z.infer<typeof appRef>;

/** An application as requests name it. */
export const appRefInput = z
  .object({ name: z.string().default(''), namespace: z.string().default('') })
  .meta({ id: 'AppRefInput', example: { name: 'sample', namespace: 'workspace' } });

export const okResponse = z
  .object({ status: z.literal('ok') })
  .meta({ id: 'Response', example: { status: 'ok' } });

/** The published answer of what has nothing else to say. */
export const OK = { status: 'ok' } as const;

export const matchResponse = z
  .object({ names: z.array(z.string()).optional().describe('Left out when nothing matches') })
  .meta({ id: 'MatchResponse', example: { names: ['sample'] } });

/** A list of names in a request; Go clients send null for an empty one. */
export const namesInput = z.array(z.string()).nullish();

/** A map of texts in a request; Go clients send null for an empty one. */
export const textsInput = z.record(z.string(), z.string()).nullish();
