import { targetOf, withSession } from '../../client/session.ts';
import { outputOption, wantsJson, type Command } from '../../command.ts';
import { printTable } from '../../terminal/table.ts';
import { printJson } from '../../terminal/terminal.ts';

export default {
  summary: 'show an environment variable',
  arguments: [
    { name: 'app', description: 'the application', required: true },
    { name: 'name', description: 'the variable', required: true },
  ],
  options: [outputOption],
  run: ([app = '', name = ''], options, context) =>
    withSession(context, options, async (session) => {
      const variable = await session.api.variable(targetOf(session), app, name);
      if (wantsJson(options)) printJson(context.terminal, variable);
      else printTable(context.terminal, ['Variable', 'Value'], [[name, variable.value]]);
    }),
} satisfies Command;
