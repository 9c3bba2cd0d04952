import { flagOption, outputOption, wantsJson, type Command } from '../../command.ts';
import { readSettings, settingsPath } from '../../settings/settings-file.ts';
import { printPairs } from '../../terminal/table.ts';
import { note, printJson } from '../../terminal/terminal.ts';

const HIDDEN = '***********';

export default {
  summary: 'show the client settings',
  options: [{ flags: '--show-password', description: 'show the password in clear' }, outputOption],
  async run(_args, options, context) {
    const settings = await readSettings(context, options);
    const pass = flagOption(options, 'showPassword') || settings.pass === '' ? settings.pass : HIDDEN;
    if (wantsJson(options)) {
      printJson(context.terminal, { ...settings, pass });
      return;
    }
    note(context.terminal, `Settings in ${settingsPath(context, options)}`);
    printPairs(context.terminal, [
      ['Colorized Output', String(settings.colors)],
      ['Current Namespace', settings.namespace],
      ['Default App Chart', settings.appchart],
      ['API User Name', settings.user],
      ['API Password', pass],
      ['API Url', settings.api],
      ['WSS Url', settings.wss],
      ['Certificates', settings.certs === '' ? 'None defined' : 'Present'],
    ]);
  },
} satisfies Command;
