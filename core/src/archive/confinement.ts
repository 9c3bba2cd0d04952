import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_HOPS = 40; // as the kernel: more is a loop

/**
 * True when the symbolic link at `link` (relative to `root`, itself reached without links) resolves to
 * something inside `root`. Other links on the way are followed as the kernel would, because a chain of
 * links that each look harmless can lead outside. Dangling links and loops resolve to nothing, so they stay.
 */
export async function linkStaysInside(root: string, link: string, target: string): Promise<boolean> {
  const at = link.split('/').slice(0, -1);
  let todo = [target];
  let hops = 0;
  while (todo.length > 0) {
    const path = todo.shift() ?? '';
    if (path.startsWith('/')) return false;
    const [component = '', ...rest] = path.split('/');
    if (rest.length > 0) todo.unshift(rest.join('/').replace(/^\/+/, ''));
    if (component === '' || component === '.') continue;
    if (component === '..') {
      if (at.length === 0) return false;
      at.pop();
      continue;
    }
    at.push(component);
    const next = await linkTarget(join(root, ...at));
    if (next === undefined) continue;
    hops += 1;
    if (hops > MAX_HOPS) return true;
    at.pop();
    todo = [next, ...todo];
  }
  return true;
}

/** @returns undefined for what is no link, or is not there. */
export async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True for the errors that say that there is nothing at a path. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}
