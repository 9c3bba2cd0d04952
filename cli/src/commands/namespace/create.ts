import { withSession } from '../../client/session.ts';
import type { Command } from '../../command.ts';
import { done } from '../../terminal/terminal.ts';

export default {
  summary: 'create a namespace',
  arguments: [{ name: 'name', description: 'its name', required: true }],
  run: ([name = ''], options, context) =>
    withSession(context, options, async ({ api }) => {
      await api.createNamespace(name);
      done(context.terminal, 'Namespace created.');
    }),
} satisfies Command;
