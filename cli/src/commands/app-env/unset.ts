import { targetOf, withSession } from '../../client/session.ts';
import type { Command } from '../../command.ts';
import { done } from '../../terminal/terminal.ts';

export default {
  summary: 'remove an environment variable',
  arguments: [
    { name: 'app', description: 'the application', required: true },
    { name: 'name', description: 'the variable', required: true },
  ],
  run: ([app = '', name = ''], options, context) =>
    withSession(context, options, async (session) => {
      await session.api.unsetVariable(targetOf(session), app, name);
      done(context.terminal, 'OK');
    }),
} satisfies Command;
