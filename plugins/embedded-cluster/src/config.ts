import { z } from 'zod';
import { nodeConfig } from './node/config.ts';

/** The `with:` part of `cluster: { use: embedded-cluster }`. */
export const config = z.strictObject({
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe(
      'Port of the Kubernetes API on 127.0.0.1; default: 6443 when it is free, else any, and the same ever after',
    ),
  history: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(4096)
    .describe(
      'Changes kept per resource so that a watch can go on where it was cut; older ones answer 410 Gone',
    ),
  node: nodeConfig.prefault({}).describe('How pods run on this machine'),
});

export type Config = z.output<typeof config>;
