import { fileURLToPath } from 'node:url';

/** A file that ships with this package, from `src/` as from `dist/`. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** True when this runs from TypeScript: then nothing was built. */
export const runsFromSources = import.meta.url.endsWith('.ts');
