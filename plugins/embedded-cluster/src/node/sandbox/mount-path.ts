import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageRoot } from './isolation.ts';

const MAX_LINKS = 40;

/**
 * Where in the sandbox a path of the container leads through the links of its image: `/var/run/x` is `/run/x` in most
 * systems. The sandbox makes mount points by their names, and a link would lead it out of the root that it builds.
 */
export function mountPath(image: ImageRoot, path: string): string {
  let reached = '/';
  let rest = path.split('/').filter(Boolean);
  for (let links = 0; rest.length > 0;) {
    const next = join(reached, rest[0] ?? '');
    rest = rest.slice(1);
    const stats = lstatSync(join(image.folder, next), { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() !== true) {
      reached = next;
      continue;
    }
    if (++links > MAX_LINKS) return path;
    const target = readlinkSync(join(image.folder, next));
    const parts = join(target.startsWith('/') ? '/' : dirname(next), target)
      .split('/')
      .filter(Boolean);
    [reached, rest] = ['/', [...parts, ...rest]];
  }
  return reached;
}
