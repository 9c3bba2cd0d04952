import type { BuildOptions } from 'esbuild';

/** What all bundles have in common. */
export const common: BuildOptions = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  outbase: 'src',
  legalComments: 'none',
  logLevel: 'warning',
};

/** Bundled CommonJS libraries ask for `require`; an ES module has none of its own. */
export const requireBanner = {
  js: "import { createRequire as epinioCreateRequire } from 'node:module';const require = epinioCreateRequire(import.meta.url);",
};
