import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { entrySources, readPackage } from '../workspace.ts';
import { common, requireBanner } from './options.ts';
import { zodEntry, zodInOneFile } from './zod-in-one-file.ts';

/** Core or a plugin: one file for each export, with the dependencies left outside, and its programs with all they need. */
export async function bundleLibrary(folder: string): Promise<void> {
  const { epinioPrograms = [] } = readPackage(folder);
  const at = { absWorkingDir: folder, outdir: join(folder, 'dist') };
  rmSync(at.outdir, { recursive: true, force: true });
  const sources = entrySources(folder).map((source) => source.replace(/^\.\//, ''));
  const entryPoints = sources.filter((source) => source !== zodEntry);
  await build({ ...common, ...at, entryPoints, packages: 'external', plugins: [zodInOneFile] });
  const alone: BuildOptions = { splitting: false, minify: true, conditions: ['epinio-src'] };
  if (sources.includes(zodEntry)) await build({ ...common, ...at, ...alone, entryPoints: [zodEntry] });
  if (epinioPrograms.length === 0) return;
  await build({ ...common, ...at, ...alone, entryPoints: [...epinioPrograms], banner: requireBanner });
}
