import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  EpinioError,
  loadInstallation,
  resolvePlugins,
  type Installation,
  type ResolvedPlugin,
  type Slot,
} from '@epinio/core';
import { textOption, type CommandContext, type Options, type OptionSpec } from '../command.ts';
import { flagValues } from './flag-values.ts';
import { profiles } from './profiles.ts';

/** Plugins that came with the command are found from here. */
const base = import.meta.url;

/** What the platform cannot do without. */
const required: readonly Slot[] = [
  'cluster',
  'ingress',
  'mesh',
  'certs',
  'secretSync',
  'storage',
  'registry',
  'builder',
];

/** The flags that choose and change a platform's configuration. */
export const configurationFlags: readonly OptionSpec[] = [
  {
    flags: '-f, --config <file>',
    description: 'config file; one that is code is run, so name only what you trust',
  },
  { flags: '--profile <name>', description: `fills what is left out: ${Object.keys(profiles).join(', ')}` },
  { flags: '--domain <name>', description: 'base domain of the platform and its applications' },
  { flags: '-c, --kubeconfig <file>', description: 'kubeconfig of the cluster to work on' },
  { flags: '--context <name>', description: 'context of the kubeconfig, in place of its current one' },
];

/** True for a cluster that the platform's server runs itself, as it does the embedded one. */
export function isHostedCluster({ choice, plugin }: ResolvedPlugin): boolean {
  return choice.contract === 'cluster' && plugin.run !== undefined;
}

/** True when a profile or a config file was named, or a config file is there to be found. */
export async function isConfigured(context: CommandContext, options: Options): Promise<boolean> {
  const named =
    textOption(options, 'profile') ?? textOption(options, 'config') ?? context.env['EPINIO_PROFILE'];
  if (named !== undefined) return true;
  const { findConfigFile } = await import('@epinio/core');
  return (await findConfigFile(context.cwd)) !== undefined;
}

/**
 * Loads the configuration that flags, environment, config file and profile make, with its plugins, all
 * checked. `defaultProfile` is for callers that only look.
 */
export function loadFromUser(
  context: CommandContext,
  options: Options,
  defaultProfile?: string,
): Promise<Installation> {
  const file = textOption(options, 'config');
  return loadInstallation({
    cwd: context.cwd,
    environment: context.env,
    profiles,
    required,
    flags: flagValues(options),
    ...(file === undefined ? {} : { file }),
    ...(defaultProfile === undefined ? {} : { defaultProfile }),
    base,
  });
}

/** Loads the plugins of a profile as it is, whatever folder, environment and flags say. */
export function loadProfile(defaultProfile: string): Promise<Installation> {
  return loadInstallation({ cwd: '/', environment: {}, profiles, defaultProfile, base });
}

const FILE = 'epinio.config.json';

/**
 * Keeps the configuration of an embedded platform in its folder, so that its server starts with it again.
 * Plugins that did not come with the command are kept by their absolute path.
 */
export async function saveInstallation(dataDir: string, { loaded, plugins }: Installation): Promise<void> {
  const components: Record<string, unknown> = {};
  for (const plugin of plugins) {
    const { choice } = plugin;
    const [, slot = ''] = choice.path;
    const entry = { use: await lastingUse(plugin), with: choice.with };
    if (slot === 'brokers') {
      const brokers = (components['brokers'] ?? []) as unknown[];
      components['brokers'] = [
        ...brokers,
        { ...entry, ...(choice.name === undefined ? {} : { name: choice.name }) },
      ];
    } else {
      components[slot] = entry;
    }
  }
  const config = { api: 'epinio/v1', ...loaded.settings, components };
  const temporary = join(dataDir, `${FILE}.${String(process.pid)}.tmp`);
  await writeFile(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, join(dataDir, FILE));
}

/** The kept configuration as text; undefined when nothing is kept. */
export async function savedInstallation(dataDir: string): Promise<string | undefined> {
  try {
    return await readFile(join(dataDir, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Loads what `saveInstallation` kept. Fails with `PLATFORM_NOT_INSTALLED` when nothing is kept. */
export async function loadSaved(dataDir: string): Promise<Installation> {
  if ((await savedInstallation(dataDir)) === undefined) {
    throw new EpinioError('PLATFORM_NOT_INSTALLED', `There is no embedded platform in "${dataDir}"`, {
      fix: 'epinio install --profile embedded',
    });
  }
  // What is kept is complete: environment and profiles have had their say when it was installed.
  return loadInstallation({
    cwd: dataDir,
    file: join(dataDir, FILE),
    environment: {},
    interpolate: false,
    profiles,
    base,
  });
}

/** How the plugin is named in the kept configuration: it must be found again, wherever the command is called. */
async function lastingUse({ choice, file }: ResolvedPlugin): Promise<string> {
  const [bundled] = await resolvePlugins([choice], { trusted: false, base }).catch(() => []);
  return bundled?.file === file ? choice.use : file;
}
