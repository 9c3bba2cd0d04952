import { EpinioError, refText, type InstallEvent } from '@epinio/core';
import {
  flagOption,
  outputOption,
  textOption,
  wantsJson,
  type Command,
  type CommandContext,
} from '../command.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { configurationFlags, loadFromUser } from '../platform/installation.ts';
import { readSettings, writeSettings } from '../settings/settings-file.ts';
import { confirm } from '../terminal/prompt.ts';
import { done, note, print, printJson, warn, type Terminal } from '../terminal/terminal.ts';

export default {
  summary: 'install the platform',
  options: [
    ...configurationFlags,
    dataDirOption,
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
    const installation = await loadFromUser(context, chosen);
    // Loaded now: what is wrong with a configuration is told without paying for the Kubernetes client.
    const { installEmbedded } = await import('../platform/install-embedded.ts');
    note(terminal, `Installing Epinio in ${dataDir}`);
    const { api, admin, ca } = await installEmbedded({
      installation,
      dataDir,
      environment: context.env,
      signal: context.signal,
      onEvent: (event) => {
        // What an interruption breaks off has not failed.
        if (event.type !== 'failed' || !context.signal.aborted) tell(terminal, event);
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

/** With no profile and no config file, a question; no answer touches nothing. */
async function choseProfile(
  context: CommandContext,
  options: Parameters<Command['run']>[1],
  dataDir: string,
): Promise<boolean> {
  const named =
    textOption(options, 'profile') ?? textOption(options, 'config') ?? context.env['EPINIO_PROFILE'];
  if (named !== undefined || (await hasConfigFile(context.cwd))) return false;
  const fix = 'epinio install --profile embedded';
  if (flagOption(options, 'yes')) {
    throw new EpinioError('USAGE_WRONG', 'There is no profile and no config file to install', { fix });
  }
  if (await confirm(context, `Install the embedded platform on this machine, in ${dataDir}?`, fix))
    return true;
  throw new EpinioError('CANCELLED', 'Cancelled by user');
}

async function hasConfigFile(cwd: string): Promise<boolean> {
  const { findConfigFile } = await import('@epinio/core');
  return (await findConfigFile(cwd)) !== undefined;
}

function tell(terminal: Terminal, event: InstallEvent): void {
  if (event.type === 'ready') done(terminal, event.component);
  if (event.type === 'failed') {
    const what = event.step.kind === 'wait' ? event.step.probe.what : refText(event.step.ref);
    warn(terminal, `${event.step.component}: ${what} failed`);
  }
}
