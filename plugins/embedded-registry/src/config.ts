import { z } from 'zod';

export const config = z.strictObject({
  listen: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1').describe('Address to listen on'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('Port to listen on, exactly this one; otherwise 5000 or the next free one'),
  collectEveryMinutes: z
    .number()
    .positive()
    .max(24 * 60)
    .default(60)
    .describe('How often content that nothing refers to is looked for and removed, in minutes'),
  keepUnreferencedMinutes: z
    .number()
    .min(0)
    .default(60)
    .describe(
      'How long a blob stays that no manifest refers to (yet), and an upload that does not go on, in minutes',
    ),
  keepUntaggedHours: z
    .number()
    .min(0)
    .default(24)
    .describe('How long a manifest stays that has lost its tag and is not read, in hours'),
});

export type Config = z.output<typeof config>;
