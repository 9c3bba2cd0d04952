// Builds every package of the workspace into its dist folder, a second or so in all:
// core and plugins with their dependencies left outside, the command as one bundle whose parts load when needed.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRequire } from 'node:module';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { entrySources, libraries, readPackage, root } from './workspace.ts';

const common: BuildOptions = {
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
const requireBanner = {
  js: "import { createRequire as epinioCreateRequire } from 'node:module';const require = epinioCreateRequire(import.meta.url);",
};

/**
 * `await import('a-commonjs-library')` gives its exports by name in Node.js, but only a default in a split bundle.
 * A module in between names them.
 */
const namedExportsOfCommonJs: Plugin = {
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

async function buildLibrary(folder: string): Promise<void> {
  const { epinioPrograms = [] } = readPackage(folder);
  const at = { absWorkingDir: folder, outdir: join(folder, 'dist') };
  rmSync(at.outdir, { recursive: true, force: true });
  await build({ ...common, ...at, entryPoints: entrySources(folder), packages: 'external' });
  if (epinioPrograms.length > 0) {
    const alone: BuildOptions = {
      ...common,
      ...at,
      splitting: false,
      minify: true,
      conditions: ['epinio-src'],
    };
    await build({ ...alone, entryPoints: [...epinioPrograms], banner: requireBanner });
  }
}

const serverCommands = ['push', 'install', 'uninstall', 'start', 'stop', 'server', 'config/resolved'];

/**
 * The command is bundled in three. What answers `epinio version` and what asks a server are scripts of one file
 * each, since short commands spend most of their time in loading; of core they need its errors alone, and the
 * build fails on a name that is not there. What is a server, or packs sources, is split, and loads what it needs.
 */
const bundlesOfCommand = {
  start: { entryPoints: [{ in: 'src/bin.ts', out: 'bin' }] },
  client: { entryPoints: [{ in: 'src/main.ts', out: 'main' }] },
  server: {
    entryPoints: serverCommands.map((command) => ({
      in: `src/commands/${command}.ts`,
      out: command.replace('/', '-'),
    })),
  },
};

/** Keeps the import of a module that another bundle begins with: it loads that bundle's file, beside its own. */
function linkBundles(folder: string): Plugin {
  const file =
    (extension: string) =>
    (entry: { in: string; out: string }): [string, string] => [
      join(folder, entry.in),
      `./${entry.out}.${extension}`,
    ];
  const { client, server } = bundlesOfCommand;
  const files = new Map([...client.entryPoints.map(file('cjs')), ...server.entryPoints.map(file('js'))]);
  return {
    name: 'link-bundles',
    setup(builder) {
      builder.onResolve({ filter: /^\..*\.ts$/ }, ({ path, kind, resolveDir }) => {
        const file = kind === 'dynamic-import' ? files.get(resolve(resolveDir, path)) : undefined;
        return file === undefined ? undefined : { path: file, external: true };
      });
    },
  };
}

/** Libraries that few of the client's commands need, as scripts of their own. */
const lateLibraries = ['yaml', 'ws'];

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

const late = new RegExp(`^(node:)?(${[...lateLibraries, ...lateBuiltins].join('|')})$`);

/** Loads parts of the client at the first use of one of their exports; of core, it takes the errors alone. */
const lightParts: Plugin = {
  name: 'light-parts',
  setup(builder) {
    const load = createRequire(import.meta.url);
    builder.onResolve({ filter: /^@epinio\/core$/ }, () => ({
      path: join(root, 'core', 'src', 'kernel', 'errors.ts'),
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

async function buildCommand(folder: string): Promise<void> {
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  const bundled: BuildOptions = {
    ...common,
    absWorkingDir: folder,
    outdir: join(folder, 'dist'),
    conditions: ['epinio-src'],
    // Its modules for browsers are the same code as ES modules, of which only what is used is taken.
    alias: { yaml: join(root, 'node_modules', 'yaml', 'browser', 'index.js') },
    minify: true,
    define: { EPINIO_VERSION: JSON.stringify(readPackage(folder).version) },
  };
  const script: BuildOptions = {
    ...bundled,
    format: 'cjs',
    splitting: false,
    outExtension: { '.js': '.cjs' },
  };
  const link = linkBundles(folder);
  await Promise.all([
    build({
      ...script,
      ...bundlesOfCommand.start,
      plugins: [link],
      supported: { 'dynamic-import': false }, // becomes require
    }),
    build({ ...script, ...bundlesOfCommand.client, plugins: [link, lightParts] }),
    build({ ...script, entryPoints: lateLibraries.map((library) => ({ in: library, out: library })) }),
    build({
      ...bundled,
      ...bundlesOfCommand.server,
      plugins: [link, namedExportsOfCommonJs],
      // Plugins are found at run time, from the config file's folder; these bring their own copy of core's light part,
      // and zod, of which one copy is enough. Config files in TypeScript are not looked for.
      external: ['@epinio/plugin-*', '@aws-sdk/*', 'typescript', 'zod'],
      keepNames: true,
      banner: requireBanner,
    }),
  ]);
}

await Promise.all([...libraries().map(buildLibrary), buildCommand(join(root, 'cli'))]);
