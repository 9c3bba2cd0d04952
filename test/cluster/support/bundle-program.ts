import { mkdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { common, requireBanner } from '../../../cli/bundle/options.ts';

/**
 * Makes one file of a program and the sources that it imports, which starts in a third of the time; it is removed when
 * this process ends.
 * @returns its path
 */
export async function bundleProgram(program: string): Promise<string> {
  // Where Node.js finds the packages that stay outside.
  const folder = resolve(import.meta.dirname, '../../../node_modules/.cache/epinio-tests');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${basename(program, '.ts')}-${process.pid}.mjs`);
  await build({
    ...common,
    splitting: false,
    sourcemap: false,
    conditions: ['epinio-src'],
    entryPoints: [program],
    outfile,
    external: ['lmdb', '@kubernetes/client-node', '@aws-sdk/*'],
    banner: requireBanner,
  });
  process.once('exit', () => rmSync(outfile, { force: true }));
  return outfile;
}
