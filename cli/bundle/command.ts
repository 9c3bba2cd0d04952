import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { readPackage, root } from '../workspace.ts';
import { lateLibraries, lightParts } from './light-parts.ts';
import { linkBundles, type Bundles } from './link-bundles.ts';
import { namedExportsOfCommonJs } from './named-exports.ts';
import { oneFileLibraries } from './one-file-libraries.ts';
import { common, requireBanner } from './options.ts';
import { replaceDist } from './replace-dist.ts';

const serverCommands = ['install', 'uninstall', 'start', 'stop', 'server', 'components', 'config/resolved'];

/**
 * What answers `epinio version` and what asks a server are scripts of one file each, since short commands spend most
 * of their time in loading. What is a server is split, and loads what it comes to need.
 */
const bundles: Bundles = {
  start: [{ in: 'src/bin.ts', out: 'bin' }],
  client: [
    { in: 'src/main.ts', out: 'main' },
    { in: 'src/commands/push.ts', out: 'push' },
  ],
  server: serverCommands.map((command) => ({
    in: `src/commands/${command}.ts`,
    out: command.replace('/', '-'),
  })),
};

/** The `epinio` command, with all it needs but the plugins, which are found at run time. */
export function bundleCommand(folder: string): Promise<void> {
  return replaceDist(folder, (outdir) => bundleInto(outdir, folder));
}

async function bundleInto(outdir: string, folder: string): Promise<void> {
  const bundled: BuildOptions = {
    ...common,
    absWorkingDir: folder,
    outdir,
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
  const link = linkBundles(folder, bundles);
  await Promise.all([
    build({ ...script, entryPoints: bundles.start, plugins: [link] }),
    build({ ...script, entryPoints: bundles.client, plugins: [link, lightParts] }),
    build({ ...script, entryPoints: lateLibraries.map((library) => ({ in: library, out: library })) }),
    build({
      ...bundled,
      entryPoints: bundles.server,
      plugins: [link, namedExportsOfCommonJs, oneFileLibraries],
      // Plugins bring their own copy of core's light part. Config files in TypeScript are not looked for.
      external: ['@epinio/plugin-*', '@aws-sdk/*', 'typescript'],
      keepNames: true,
      banner: requireBanner,
    }),
  ]);
}
