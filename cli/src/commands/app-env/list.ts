import { targetOf, withSession } from '../../client/session.ts';
import { outputOption, wantsJson, type Command } from '../../command.ts';
import { printTable } from '../../terminal/table.ts';
import { note, printJson } from '../../terminal/terminal.ts';

export default {
  summary: 'list environment variables',
  arguments: [{ name: 'app', description: 'the application', required: true }],
  options: [outputOption],
  run: ([app = ''], options, context) =>
    withSession(context, options, async (session) => {
      const environment = await session.api.environment(targetOf(session), app);
      if (wantsJson(options)) {
        printJson(context.terminal, environment);
        return;
      }
      for (const [kind, values] of [
        ['User', environment.user],
        ['Service', environment.service],
      ] as const) {
        const rows = Object.entries(values ?? {});
        note(
          context.terminal,
          rows.length === 0
            ? `No ${kind.toLowerCase()}-provided environment variables`
            : `${kind}-provided Environment Variables:`,
        );
        if (rows.length > 0) printTable(context.terminal, ['Variable', 'Value'], rows);
      }
    }),
} satisfies Command;
