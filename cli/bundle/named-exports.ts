import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * `await import('a-commonjs-library')` gives its exports by name in Node.js, but only a default in a split bundle.
 * A module in between names them.
 */
export const namedExportsOfCommonJs: Plugin = {
  name: 'named-exports-of-commonjs',
  setup(builder) {
    const libraries = /^(cosmiconfig\/dist\/Explorer\.js|hpagent|pino|socks-proxy-agent|yauzl)$/;
    builder.onResolve({ filter: libraries }, ({ path, kind, resolveDir }) =>
      kind === 'dynamic-import' ? { path, namespace: 'named', pluginData: resolveDir } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'named' }, ({ path, pluginData }) => {
      const resolveDir = String(pluginData);
      const library = createRequire(join(resolveDir, 'x.js'))(path) as object;
      const names = Object.keys(library).filter(
        (name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default',
      );
      const contents = `import * as library from ${JSON.stringify(path)};
        export const { ${names.join(', ')} } = library;`;
      return { contents, resolveDir };
    });
  },
};
