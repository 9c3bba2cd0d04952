import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of the workspace. */
export const root = resolve(import.meta.dirname, '..');

/** What the builds read of a package. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly 'epinio-src'?: string }>>;
  /** Programs that run alone, outside this process (in a pod): bundled with all they need. */
  readonly epinioPrograms?: readonly string[];
}

export function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
}

/** The folders of the packages that others import: core and the plugins, those of the examples too. */
export function libraries(): string[] {
  return [
    join(root, 'core'),
    ...foldersIn(join(root, 'plugins')),
    ...foldersIn(join(root, 'examples', 'plugins')),
  ];
}

/** The modules that a package exports, as paths of sources below its folder. */
export function entrySources(folder: string): string[] {
  return Object.values(readPackage(folder).exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : (entry['epinio-src'] ?? []),
  );
}

function foldersIn(parent: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(parent, entry.name, 'src', 'index.ts')))
    .map((entry) => join(parent, entry.name));
}
