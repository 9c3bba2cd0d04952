import { withSession } from '../../client/session.ts';
import { outputOption, wantsJson, type Command } from '../../command.ts';
import { printPairs } from '../../terminal/table.ts';
import { printJson } from '../../terminal/terminal.ts';
import { formatTime } from '../../terminal/time.ts';

export default {
  summary: 'show a namespace',
  arguments: [{ name: 'name', description: 'its name', required: true }],
  options: [outputOption],
  run: ([name = ''], options, context) =>
    withSession(context, options, async ({ api }) => {
      const namespace = await api.namespace(name);
      if (wantsJson(options)) {
        printJson(context.terminal, namespace);
        return;
      }
      printPairs(context.terminal, [
        ['Name', namespace.meta.name],
        ['Created', formatTime(namespace.meta.createdAt)],
        ['Configurations', (namespace.configurations ?? []).join('\n')],
        ['Applications', (namespace.apps ?? []).join(', ')],
      ]);
    }),
} satisfies Command;
