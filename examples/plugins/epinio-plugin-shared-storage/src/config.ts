import { isAbsolute } from 'node:path';
import { z } from 'zod';

export const config = z.strictObject({
  folder: z
    .string()
    .refine(isAbsolute, 'it must be an absolute path')
    .optional()
    .describe("Where the blobs are kept; in the platform's data folder when left out"),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('Port on which builds read them, exactly this one; otherwise 9000 or the next free one'),
});

export type Config = z.output<typeof config>;
