import { targetOf, withSession } from '../../client/session.ts';
import type { Command } from '../../command.ts';
import { done } from '../../terminal/terminal.ts';

export default {
  summary: 'restart an application',
  arguments: [{ name: 'name', description: 'the application', required: true }],
  run: ([name = ''], options, context) =>
    withSession(context, options, async (session) => {
      await session.api.restartApp(targetOf(session), name);
      done(context.terminal, `Application "${name}" restarted`);
    }),
} satisfies Command;
