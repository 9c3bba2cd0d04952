import { checkConfig, type Locate } from '../kernel/config-problems.ts';
import { problemsError } from '../kernel/problem.ts';
import { configFolder, readConfig, type LoadConfigOptions, type LoadedConfig } from './load.ts';
import { readPlugins, type PluginLookup, type ResolvedPlugin } from './resolve-plugins.ts';

/** A configuration with the plugins that it names, all of it checked. */
export interface Installation {
  readonly loaded: LoadedConfig;
  /** Ready for `createPlatform`. */
  readonly plugins: readonly ResolvedPlugin[];
}

/**
 * Loads a configuration and its plugins. Wrong keys, plugins that are not there and wrong options of
 * plugins are told in one error, so that a person mends the file once.
 */
export async function loadInstallation(
  options: LoadConfigOptions & Pick<PluginLookup, 'base'>,
): Promise<Installation> {
  const { loaded, problems } = await readConfig(options);
  const lookup = {
    folder: configFolder(loaded),
    trusted: loaded.named,
    cwd: options.cwd,
    base: options.base,
  };
  const read = await readPlugins(loaded.components, lookup);
  const plugins = read.plugins.map((plugin): ResolvedPlugin => {
    const path = [...plugin.choice.path, 'with'];
    const locate: Locate = (inner, part) => loaded.locate([...path, ...inner], part);
    return { ...plugin, path, locate };
  });
  const invalid = plugins.flatMap(({ plugin, config, path, locate }) => {
    const prefix = path ?? [];
    const locateFull: Locate = (full, part) => locate?.(full.slice(prefix.length), part);
    return checkConfig(plugin.config as never, config, { prefix, locate: locateFull }).problems;
  });
  const all = [...problems, ...read.problems, ...invalid];
  if (all.length > 0) throw problemsError('CONFIG_INVALID', 'The configuration', all);
  return { loaded, plugins };
}
