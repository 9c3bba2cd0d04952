import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isEpinioError, messageOf } from '../kernel/errors.ts';
import type { AnyPlugin } from '../kernel/plugin.ts';
import type { PluginUse } from '../kernel/platform.ts';
import { problemsError, type Problem } from '../kernel/problem.ts';
import type { ComponentChoice } from './choices.ts';
import { findPlugin, isPath, nearestPlugin, packageNames } from './find-plugin.ts';
import { originText } from './origin.ts';
import { pluginProblem } from './plugin-shape.ts';

/** Where `use:` names are looked up. */
export interface PluginLookup {
  /** The config file's folder, looked at first; undefined when there is no config file. */
  readonly folder?: string | undefined;
  /**
   * Whether code of `folder` may run: true when the person named the config file. Otherwise a cloned
   * repository could run code by being the current folder.
   */
  readonly trusted: boolean;
  /** The current folder: where a path begins that was given by flag or environment, which may run. */
  readonly cwd?: string;
  /** Where the plugins that came with the command are found from: its own module URL or folder. */
  readonly base: string | URL;
}

/** A choice with its plugin, ready for `createPlatform`. */
export interface ResolvedPlugin extends PluginUse {
  readonly choice: ComponentChoice;
  /** Absolute path of the module. */
  readonly file: string;
}

/**
 * Loads the plugin of each choice. Everything that is wrong (not found, failing while it loads, not a
 * plugin, another contract version, another contract) is told in one error.
 */
export async function resolvePlugins(
  choices: readonly ComponentChoice[],
  lookup: PluginLookup,
): Promise<readonly ResolvedPlugin[]> {
  const { plugins, problems } = await readPlugins(choices, lookup);
  if (problems.length > 0) throw problemsError('CONFIG_INVALID', 'The configuration', problems);
  return plugins;
}

/** Like `resolvePlugins`, but what is wrong is given back, with the plugins that are right. */
export async function readPlugins(
  choices: readonly ComponentChoice[],
  lookup: PluginLookup,
): Promise<{ readonly plugins: readonly ResolvedPlugin[]; readonly problems: readonly Problem[] }> {
  const results = await Promise.all(choices.map((choice) => loadPlugin(choice, lookup)));
  return {
    plugins: results.flatMap((result) => ('plugin' in result ? [result] : [])),
    problems: results.flatMap((result) => ('message' in result ? [result] : [])),
  };
}

async function loadPlugin(choice: ComponentChoice, lookup: PluginLookup): Promise<ResolvedPlugin | Problem> {
  const origin = originText(choice.origin);
  let file: string | Omit<Problem, 'origin'> = choice.use;
  let exported: unknown;
  try {
    file = locateFile(choice, lookup);
    if (typeof file !== 'string') return { origin, ...file };
    exported = ((await import(pathToFileURL(file).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    if (isEpinioError(error) && error.code === 'PLUGIN_ENTRY_MISSING')
      return { code: error.code, message: error.message, fix: error.fix ?? '', origin };
    return {
      code: 'PLUGIN_LOAD_FAILED',
      message: `Plugin "${choice.use}" (${typeof file === 'string' ? file : choice.use}) failed while it was loaded: ${messageOf(error)}`,
      fix: 'install it again, or report this to its author',
      origin,
      cause: error,
    };
  }
  // A CommonJS build of a module has its default export one level down.
  if (!isTagged(exported) && isTagged((exported as { default?: unknown } | undefined)?.default)) {
    exported = (exported as { readonly default: unknown }).default;
  }
  const problem = pluginProblem(exported, { use: choice.use, file, contract: choice.contract });
  if (problem !== undefined) return { origin, ...problem };
  const plugin = exported as AnyPlugin;
  return {
    plugin,
    config: choice.with,
    name: choice.name ?? plugin.id,
    origin,
    choice,
    file,
    path: [...choice.path, 'with'],
  };
}

function isTagged(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$$type' in value;
}

function locateFile(choice: ComponentChoice, lookup: PluginLookup): string | Omit<Problem, 'origin'> {
  const { use, origin } = choice;
  const isTyped = isPath(use) && (origin.kind === 'flag' || origin.kind === 'environment');
  const folder = isTyped ? lookup.cwd : lookup.folder;
  const trusted = isTyped || lookup.trusted;
  const base =
    lookup.base instanceof URL || lookup.base.startsWith('file:')
      ? dirname(fileURLToPath(lookup.base))
      : lookup.base;
  const bundled = isPath(use) ? undefined : findPlugin(use, base);
  const own = folder === undefined ? undefined : findPlugin(use, folder);
  if (own === undefined || own === bundled)
    return bundled ?? notFound(use, [...new Set([folder ?? base, base])], folder);
  if (trusted) return own;
  if (bundled !== undefined) return bundled;
  return {
    code: 'PLUGIN_NOT_TRUSTED',
    message: `Plugin "${use}" is code of the folder "${folder ?? ''}", whose config file was found and not named`,
    fix: 'name the config file with -f, if you trust the folder',
  };
}

function notFound(
  use: string,
  folders: readonly string[],
  folder: string | undefined,
): Omit<Problem, 'origin'> {
  if (isPath(use)) {
    const message =
      folder === undefined
        ? `Plugin "${use}" is a path, but there is no config file that it starts from`
        : `Plugin "${use}" does not exist (looked from "${folder}")`;
    return {
      code: 'PLUGIN_NOT_FOUND',
      message,
      fix: 'write a path from the config file to the module of the plugin',
    };
  }
  const names = packageNames(use);
  const meant = folders.map((at) => nearestPlugin(use, at)).find((name) => name !== undefined);
  return {
    code: 'PLUGIN_NOT_FOUND',
    message: `Plugin "${use}" is not installed (looked for ${names.join(', ')} from ${folders.map((at) => `"${at}"`).join(' and ')})`,
    fix: meant === undefined ? `npm install ${names[0] ?? use}` : `did you mean "${meant}"?`,
  };
}
