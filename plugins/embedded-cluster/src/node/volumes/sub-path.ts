import { chownSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configError } from '../spec/environment.ts';

/**
 * The real path of a `subPath` of a volume, made as a folder when it is not there. Links in the volume may lead
 * anywhere inside of it, and nowhere else: what a container has put there must not show it the host's files.
 */
export function resolveSubPath(volumeFolder: string, subPath: string, uid: number | undefined): string {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw configError(`subPath "${subPath}" must be relative and must not contain ".."`);
  }
  const root = realpathSync(volumeFolder);
  const wanted = join(root, subPath);
  // The nearest part that exists decides where the rest would be made.
  let existing = wanted;
  while (!existsSync(existing)) existing = dirname(existing);
  checkInside(root, realpathSync(existing), subPath);
  if (existing !== wanted) {
    const first = mkdirSync(wanted, { recursive: true, mode: 0o755 });
    for (
      let made = wanted;
      uid !== undefined && first !== undefined && made.startsWith(first);
      made = dirname(made)
    ) {
      chownSync(made, uid, uid);
    }
  }
  const real = realpathSync(wanted);
  checkInside(root, real, subPath);
  return real;
}

function checkInside(root: string, real: string, subPath: string): void {
  if (real !== root && !real.startsWith(`${root}/`)) {
    throw configError(`subPath "${subPath}" leads outside of its volume`);
  }
}
