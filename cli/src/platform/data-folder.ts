import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { textOption, type CommandContext, type Options, type OptionSpec } from '../command.ts';

/** The flag of every command that works on an embedded platform: several can live side by side. */
export const dataDirOption: OptionSpec = {
  flags: '--data-dir <folder>',
  description: 'folder of the embedded platform, epinio in the XDG data home when left out',
  env: 'EPINIO_DATA_DIR',
};

/** The absolute folder of the embedded platform that a command works on. */
export function dataFolder(context: CommandContext, options: Options): string {
  // Commands that do not take the flag look where the others would.
  const given = textOption(options, 'dataDir') ?? context.env['EPINIO_DATA_DIR'] ?? '';
  if (given !== '') return resolve(context.cwd, given);
  const home = context.env['HOME'] ?? homedir();
  return join(context.env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'epinio');
}
