import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Where core keeps the library as one file. */
const ONE_FILE = '@epinio/core/zod';

/** Core's module that is the library, and so is not to be linked to itself. */
export const zodEntry = 'src/zod.ts';

/** Libraries that add methods to zod's schemas: they become part of bundles, or they would add them to another copy. */
const extendZod = /^@(hono\/zod-|asteasolutions\/zod-to-)openapi$/;

/**
 * Bundles take zod from core: one copy for all, in one file. Each command that is a server loads it first of all, so
 * that its hundred files are worth a tenth of a second.
 */
export const zodInOneFile: Plugin = {
  name: 'zod-in-one-file',
  setup(builder) {
    builder.onResolve({ filter: /^zod$/ }, () => ({ path: ONE_FILE, external: true }));
    builder.onResolve({ filter: extendZod }, ({ path }) => ({
      path: fileURLToPath(import.meta.resolve(path)),
    }));
  },
};
