import { z } from 'zod';

export const config = z.strictObject({
  listen: z
    .union([z.ipv4(), z.ipv6()])
    .default('127.0.0.1')
    .describe('Address on which blobs are served to builds'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('Port for it, exactly this one; otherwise 9000 or the next free one'),
});

export type Config = z.output<typeof config>;
