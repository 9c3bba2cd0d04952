import { outputOption, wantsJson, type Command } from '../../command.ts';
import { configurationFlags, loadFromUser } from '../../platform/installation.ts';
import { print, printJson } from '../../terminal/terminal.ts';

export default {
  summary: 'show every setting and where it comes from',
  options: [...configurationFlags, outputOption],
  async run(_args, options, context) {
    const { resolvedConfig, resolvedText } = await import('@epinio/core');
    const values = await resolvedConfig(await loadFromUser(context, options, 'embedded'));
    if (wantsJson(options)) printJson(context.terminal, values);
    else print(context.terminal, await resolvedText(values));
  },
} satisfies Command;
