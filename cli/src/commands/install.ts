import { EpinioError } from '@epinio/core';
import {
  flagOption,
  outputOption,
  textOption,
  wantsJson,
  type Command,
  type CommandContext,
  type Options,
} from '../command.ts';
import { standBy } from '../platform/background-server.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { componentFlags } from '../platform/flag-values.ts';
import { configurationFlags, isConfigured, isHostedCluster, loadFromUser } from '../platform/installation.ts';
import { readSettings, writeSettings } from '../settings/settings-file.ts';
import { tellEvent } from '../terminal/install-events.ts';
import { confirm } from '../terminal/prompt.ts';
import { done, note, print, printJson, warn } from '../terminal/terminal.ts';

export default {
  summary: 'install the platform',
  options: [
    ...configurationFlags,
    ...componentFlags,
    dataDirOption,
    { flags: '--dry-run', description: 'print what would be done, and change nothing' },
    { flags: '-y, --yes', description: 'ask no questions' },
    outputOption,
  ],
  examples: ['epinio install --profile embedded', 'epinio install -f epinio.config.yaml'],
  async run(_args, options, context) {
    const { terminal } = context;
    const dataDir = dataFolder(context, options);
    const chosen = (await choseProfile(context, options, dataDir))
      ? { ...options, profile: 'embedded' }
      : options;
    // A server loads its code while the configuration is read, where it is plain that there will be one.
    const standby = isPlainlyEmbedded(chosen) ? await standBy(dataDir) : undefined;
    const installation = await loadFromUser(context, chosen).catch(async (error: unknown) => {
      await standby?.dismiss();
      throw error;
    });
    if (!installation.plugins.some(isHostedCluster)) {
      await standby?.dismiss();
      const { installOnCluster } = await import('./install-on-cluster.ts');
      await installOnCluster(context, options, installation);
      return;
    }
    if (flagOption(options, 'dryRun')) {
      const { printEmbeddedPlan } = await import('./plan-embedded.ts');
      await printEmbeddedPlan(context, options, installation);
      return;
    }
    // Loaded now: what is wrong with a configuration is told without paying for the Kubernetes client.
    const { installEmbedded } = await import('../platform/install-embedded.ts');
    note(terminal, `Installing Epinio in ${dataDir}`);
    const { api, admin, ca } = await installEmbedded({
      installation,
      dataDir,
      standby,
      environment: context.env,
      signal: context.signal,
      onEvent: (event) => {
        // What an interruption breaks off has not failed.
        if (event.type !== 'failed' || !context.signal.aborted) tellEvent(terminal, event);
      },
    }).catch((error: unknown) => {
      if (!context.signal.aborted) throw error;
      const message = 'Interrupted. What is installed so far stays; the same command goes on from there';
      throw new EpinioError('INSTALL_INTERRUPTED', message, { cause: error });
    });
    const before = await readSettings({ ...context, env: {} }, options);
    if (before.api !== '' && before.api !== api)
      warn(terminal, `The settings pointed to ${before.api}; now to this platform`);
    await writeSettings(context, options, {
      api,
      wss: api.replace(/^http/, 'ws'),
      user: admin.user,
      pass: admin.password,
      certs: ca ?? '',
      namespace: 'workspace',
    });
    done(terminal, 'Epinio installed.');
    if (wantsJson(options)) {
      printJson(terminal, { api, user: admin.user, dataDir });
      return;
    }
    print(terminal, `API: ${api}`);
    // Flags that said where the settings are have to be given again; the environment stays as it is.
    const file = textOption(options, 'settingsFile');
    const where =
      file === undefined || file === context.env['EPINIO_SETTINGS'] ? '' : ` --settings-file ${file}`;
    print(terminal, `User: ${admin.user} (password: epinio settings show --show-password${where})`);
    print(terminal, `Push an application: epinio push --name NAME --path FOLDER${where}`);
  },
} satisfies Command;

function isPlainlyEmbedded(options: Options): boolean {
  return (
    textOption(options, 'profile') === 'embedded' &&
    textOption(options, 'config') === undefined &&
    !flagOption(options, 'dryRun')
  );
}

/** With no profile and no config file, a question; no answer touches nothing. */
async function choseProfile(
  context: CommandContext,
  options: Parameters<Command['run']>[1],
  dataDir: string,
): Promise<boolean> {
  if (await isConfigured(context, options)) return false;
  const fix = 'epinio install --profile embedded';
  if (flagOption(options, 'yes')) {
    throw new EpinioError('USAGE_WRONG', 'There is no profile and no config file to install', { fix });
  }
  if (await confirm(context, `Install the embedded platform on this machine, in ${dataDir}?`, fix))
    return true;
  throw new EpinioError('CANCELLED', 'Cancelled by user');
}
