import { join, resolve } from 'node:path';
import type { Plugin } from 'esbuild';

interface Entry {
  readonly in: string;
  readonly out: string;
}

/** The modules that bundles begin with: scripts, and in the end ES modules. */
export interface Bundles {
  readonly start: Entry[];
  readonly client: Entry[];
  readonly server: Entry[];
}

/** `import()` of a module that another bundle begins with loads that bundle's file, beside the own one. */
export function linkBundles(folder: string, { client, server }: Bundles): Plugin {
  const path = (entry: Entry): string => join(folder, entry.in);
  const scripts = new Map(client.map((entry) => [path(entry), `./${entry.out}.cjs`]));
  const modules = new Map(server.map((entry) => [path(entry), `./${entry.out}.js`]));
  return {
    name: 'link-bundles',
    setup(builder) {
      builder.onResolve({ filter: /^\..*\.ts$/ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const target = resolve(resolveDir, path);
        const module = modules.get(target);
        if (module !== undefined) return { path: module, external: true };
        const script = scripts.get(target);
        return script === undefined ? undefined : { path: script, namespace: 'script' };
      });
      // `import()` would start the loader of ES modules, which takes longer than the script. Scripts export one of these.
      builder.onLoad({ filter: /.*/, namespace: 'script' }, ({ path }) => ({
        contents: `export { default, main } from '${path}';`,
      }));
      builder.onResolve({ filter: /\.cjs$/, namespace: 'script' }, ({ path }) => ({ path, external: true }));
    },
  };
}
