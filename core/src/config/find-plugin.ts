import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { EpinioError } from '../kernel/errors.ts';

/** Packages that a `use:` name can stand for, best first. */
export function packageNames(use: string): readonly string[] {
  return use.includes('/') ? [use] : [`@epinio/plugin-${use}`, `epinio-plugin-${use}`, use];
}

/** True for a `use:` that is a path, not a name. */
export function isPath(use: string): boolean {
  return /^(\.{1,2}([/\\]|$)|[/\\]|[A-Za-z]:[/\\])/.test(use);
}

/**
 * Finds the file that `use` names, as Node.js would from a module in `folder`, with the conditions that
 * this process was started with. @returns undefined when there is none. Fails with `PLUGIN_ENTRY_MISSING`
 * for a package that is there without its entry.
 */
export function findPlugin(use: string, folder: string): string | undefined {
  const require = createRequire(join(folder, 'epinio.config.yaml'));
  for (const name of isPath(use) ? [use] : packageNames(use)) {
    if (isBuiltin(name)) continue;
    try {
      return require.resolve(name);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
      const entry = isPath(use) ? undefined : otherEntry(name, require);
      if (entry !== undefined) return entry;
    }
  }
  return undefined;
}

/** The name of an installed plugin, found from `folder`, that somebody may have meant; undefined when none is near. */
export function nearestPlugin(use: string, folder: string): string | undefined {
  const paths = createRequire(join(folder, 'epinio.config.yaml')).resolve.paths('x') ?? [];
  const installed = paths.flatMap((modules) => [
    ...namesIn(join(modules, '@epinio'), 'plugin-'),
    ...namesIn(modules, 'epinio-plugin-'),
  ]);
  const near = installed.filter((name) => distance(name, use) <= use.length / 3);
  return near.toSorted((a, b) => distance(a, use) - distance(b, use))[0];
}

function namesIn(folder: string, prefix: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []));
}

/**
 * The entry of a package that `require.resolve` does not see: exported for `import` alone, or shadowed by
 * a condition of this process whose file was not published.
 */
function otherEntry(name: string, require: NodeJS.Require): string | undefined {
  for (const modules of require.resolve.paths(name) ?? []) {
    const folder = join(modules, name);
    const manifest = readManifest(join(folder, 'package.json'));
    if (manifest === undefined) continue;
    const entry = target(manifest.exports, true);
    if (entry !== undefined && existsSync(join(folder, entry))) return join(folder, entry);
    throw new EpinioError(
      'PLUGIN_ENTRY_MISSING',
      `Package "${name}" is in "${folder}", but the module it exports is not`,
      {
        fix: 'build it, or install it again',
      },
    );
  }
  return undefined;
}

function target(exports: unknown, isRoot: boolean): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const conditions = exports as Readonly<Record<string, unknown>>;
  if (isRoot && '.' in conditions) return target(conditions['.'], false);
  return ['node', 'import', 'default']
    .map((key) => target(conditions[key], false))
    .find((found) => found !== undefined);
}

function readManifest(file: string): { readonly exports?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { readonly exports?: unknown };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
