import { build, type BuildOptions } from 'esbuild';
import { entrySources, readPackage } from '../workspace.ts';
import { common, requireBanner } from './options.ts';
import { replaceDist } from './replace-dist.ts';
import { isOneFileLibrary, oneFile, oneFileLibraries } from './one-file-libraries.ts';

/** Core or a plugin: one file for each export, with the dependencies left outside, and its programs with all they need. */
export async function bundleLibrary(folder: string): Promise<void> {
  const { epinioPrograms = [] } = readPackage(folder);
  const sources = entrySources(folder).map((source) => source.replace(/^\.\//, ''));
  const entryPoints = sources.filter((source) => !isOneFileLibrary(source));
  const inOneFile = sources.filter(isOneFileLibrary);
  await replaceDist(folder, async (outdir) => {
    const at: BuildOptions = { ...common, absWorkingDir: folder, outdir };
    const alone: BuildOptions = { ...at, splitting: false, minify: true, conditions: ['epinio-src'] };
    await build({ ...at, entryPoints, packages: 'external', plugins: [oneFileLibraries] });
    if (inOneFile.length > 0) await build({ ...alone, ...oneFile, entryPoints: inOneFile });
    if (epinioPrograms.length === 0) return;
    await build({ ...alone, entryPoints: [...epinioPrograms], banner: requireBanner });
  });
}
