import { z } from 'zod';

const MIB = 1024 * 1024;

/** The `node:` part of the plugin's configuration. */
export const nodeConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be lower-case letters, digits, "-" and "."')
    .default('epinio')
    .describe('Name of the Node object; pods stay bound to it, so keep it'),
  simulated: z
    .boolean()
    .default(false)
    .describe('Marks pods ready without running anything, to try out what would be installed'),
  isolation: z
    .enum(['auto', 'bubblewrap', 'process'])
    .default('auto')
    .describe(
      'What keeps pods apart: "auto" takes bubblewrap where it works; "bubblewrap" refuses to start without it; "process" never uses it',
    ),
  hostFolders: z
    .array(z.string().startsWith('/'))
    .default([])
    .describe(
      'Further folders of this machine that pods may read, such as language runtimes outside of /usr',
    ),
  firstPort: z
    .int()
    .min(1024)
    .max(65000)
    .default(20000)
    .describe('First of the ports that are given to containers as PORT'),
  lastPort: z
    .int()
    .min(1024)
    .max(65535)
    .default(29999)
    .describe('Last of the ports that are given to containers as PORT'),
  nodePortAddress: z
    .ipv4()
    .default('127.0.0.1')
    .describe('Address of this machine at which the node ports of Services are; "0.0.0.0" for all of them'),
  drainMilliseconds: z
    .int()
    .min(0)
    .max(60_000)
    .default(500)
    .describe(
      'How long a pod behind a Service goes on serving after it was taken out of it, before it is asked to end',
    ),
  logMaxBytes: z
    .int()
    .min(1024)
    .default(10 * MIB)
    .describe('Size at which the log of a container is rotated'),
  logFiles: z.int().min(1).max(100).default(5).describe('Log files kept per run of a container'),
  imageCacheBytes: z
    .int()
    .min(0)
    .default(4096 * MIB)
    .describe(
      'Size of the unpacked images that are kept although no pod uses them; the longest unused goes first',
    ),
});

/** All settings of the node agent. */
export type NodeConfig = z.output<typeof nodeConfig>;
