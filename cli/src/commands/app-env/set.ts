import { targetOf, withSession } from '../../client/session.ts';
import type { Command } from '../../command.ts';
import { done } from '../../terminal/terminal.ts';

export default {
  summary: 'set an environment variable',
  arguments: [
    { name: 'app', description: 'the application', required: true },
    { name: 'name', description: 'the variable', required: true },
    { name: 'value', description: 'its value', required: true },
  ],
  run: ([app = '', name = '', value = ''], options, context) =>
    withSession(context, options, async (session) => {
      await session.api.setEnvironment(targetOf(session), app, { [name]: value });
      done(context.terminal, 'OK');
    }),
} satisfies Command;
