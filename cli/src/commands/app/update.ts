import { targetOf, withSession } from '../../client/session.ts';
import { flagOption, type Command } from '../../command.ts';
import { done } from '../../terminal/terminal.ts';
import { configurationOptions, readConfiguration } from './configuration-options.ts';

export default {
  summary: 'change instances, routes or environment',
  arguments: [{ name: 'name', description: 'the application', required: true }],
  options: [
    ...configurationOptions,
    { flags: '--no-restart', description: 'leave the running instances as they are' },
  ],
  run: ([name = ''], options, context) =>
    withSession(context, options, async (session) => {
      const restart = options['restart'] !== false && !flagOption(options, 'noRestart');
      await session.api.updateApp(targetOf(session), name, {
        ...readConfiguration(options),
        ...(restart ? {} : { restart }),
      });
      done(context.terminal, 'Successfully updated application');
    }),
} satisfies Command;
