import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { root } from '../workspace.ts';

/** Libraries that few of the client's commands need, as scripts of their own. */
export const lateLibraries = ['yaml', 'ws'];

/** Modules of Node.js that take their time to load, and that not every command of the client comes to use. */
const lateBuiltins = [
  'child_process',
  'crypto',
  'dns',
  'fs/promises',
  'http',
  'https',
  'readline/promises',
  'stream',
  'tls',
];

/** The files of core that the client takes: small, and without libraries. */
const lightCore = ['kernel/errors.ts', 'apps/without-password.ts'];

const late = new RegExp(`^(node:)?(${[...lateLibraries, ...lateBuiltins].join('|')})$`);

/**
 * Loads parts of the client at the first use of one of their exports. Of core it takes few files: a name that is not
 * in them fails the build.
 */
export const lightParts: Plugin = {
  name: 'light-parts',
  setup(builder) {
    const load = createRequire(import.meta.url);
    builder.onResolve({ filter: /^@epinio\/core$/ }, ({ path }) => ({ path, namespace: 'core' }));
    builder.onLoad({ filter: /.*/, namespace: 'core' }, () => ({
      contents: lightCore.map((file) => `export * from './${file}';`).join('\n'),
      resolveDir: join(root, 'core', 'src'),
    }));
    builder.onResolve({ filter: late }, ({ path, namespace }) =>
      namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    );
    builder.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => {
      const file = lateLibraries.includes(path) ? `./${path}.cjs` : path;
      const names = Object.keys(load(path) as object).filter((name) => name !== 'default');
      const getters = names.map((name) => `get ${name}() { return require('${file}').${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
    builder.onResolve({ filter: /^\.\/\w+\.cjs$/, namespace: 'late' }, ({ path }) => ({
      path,
      external: true,
    }));
  },
};
