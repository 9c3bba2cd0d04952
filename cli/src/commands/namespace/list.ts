import { withSession } from '../../client/session.ts';
import { outputOption, wantsJson, type Command } from '../../command.ts';
import { printTable } from '../../terminal/table.ts';
import { printJson } from '../../terminal/terminal.ts';
import { formatTime } from '../../terminal/time.ts';

export default {
  summary: 'list namespaces',
  options: [outputOption],
  run: (_args, options, context) =>
    withSession(context, options, async ({ api }) => {
      const namespaces = await api.namespaces();
      if (wantsJson(options)) {
        printJson(context.terminal, namespaces);
        return;
      }
      printTable(
        context.terminal,
        ['Name', 'Created', 'Applications', 'Configurations'],
        namespaces.map(({ meta, apps, configurations }) => [
          meta.name,
          formatTime(meta.createdAt),
          (apps ?? []).join(', '),
          (configurations ?? []).join(', '),
        ]),
      );
    }),
} satisfies Command;
