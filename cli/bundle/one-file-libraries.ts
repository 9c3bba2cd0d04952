import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { requireBanner } from './options.ts';

/** Libraries of many files that a server loads when it starts, and the module of core that is each of them in one. */
const ONE_FILE: Readonly<Record<string, string>> = {
  zod: '@epinio/core/libraries/zod',
  '@peculiar/x509': '@epinio/core/libraries/x509',
};

/** Whether a source of core is one of those modules, and so is not to be linked to itself. */
export function isOneFileLibrary(source: string): boolean {
  return source.startsWith('src/libraries/');
}

/** How those modules are built: of the ES modules, whose exports can be told. */
export const oneFile: BuildOptions = {
  mainFields: ['module', 'main'],
  external: ['reflect-metadata'],
  banner: requireBanner,
};

/** Libraries that add methods to zod's schemas: they become part of bundles, or they would add them to another copy. */
const extendZod = /^@(hono\/zod-|asteasolutions\/zod-to-)openapi$/;

/** Bundles take these libraries from core: one copy for all. Their files, one by one, are worth a fifth of a second. */
export const oneFileLibraries: Plugin = {
  name: 'one-file-libraries',
  setup(builder) {
    builder.onResolve({ filter: /^(zod|@peculiar\/x509)$/ }, ({ path }) => ({
      path: ONE_FILE[path] ?? path,
      external: true,
    }));
    builder.onResolve({ filter: extendZod }, ({ path }) => ({
      path: fileURLToPath(import.meta.resolve(path)),
    }));
  },
};
