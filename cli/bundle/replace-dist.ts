import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes a package's dist folder anew. Until all of it is there, the old one stays: a build that fails or is killed
 * leaves a package that works.
 *
 * @param write puts the files into the folder that it is given
 */
export async function replaceDist(folder: string, write: (outdir: string) => Promise<void>): Promise<void> {
  const dist = join(folder, 'dist');
  const next = join(folder, 'dist.new');
  rmSync(next, { recursive: true, force: true });
  await write(next);
  rmSync(dist, { recursive: true, force: true });
  renameSync(next, dist);
}
