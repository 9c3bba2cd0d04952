import { targetOf, withSession } from '../../client/session.ts';
import type { Command } from '../../command.ts';
import { done } from '../../terminal/terminal.ts';
import { configurationOptions, readConfiguration } from './configuration-options.ts';

export default {
  summary: 'create an application without deploying it',
  arguments: [{ name: 'name', description: 'its name', required: true }],
  options: configurationOptions,
  run: ([name = ''], options, context) =>
    withSession(context, options, async (session) => {
      await session.api.createApp(targetOf(session), { name, configuration: readConfiguration(options) });
      done(context.terminal, 'Ok');
    }),
} satisfies Command;
