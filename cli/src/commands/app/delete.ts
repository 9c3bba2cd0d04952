import { targetOf, withSession } from '../../client/session.ts';
import { flagOption, type Command } from '../../command.ts';
import { confirmOrCancel } from '../../terminal/prompt.ts';
import { printTable } from '../../terminal/table.ts';
import { wantsAll } from '../named-or-all.ts';
import { done, note, warn } from '../../terminal/terminal.ts';

export default {
  summary: 'delete applications',
  arguments: [{ name: 'name', description: 'their names', required: false, variadic: true }],
  options: [
    { flags: '--all', description: 'delete every application of the namespace' },
    { flags: '--delete-image', description: 'delete their images from the registry too' },
    { flags: '-f, --force', description: 'no question before images are deleted' },
  ],
  async run(args, options, context) {
    const all = wantsAll('applications', args, options);
    await withSession(context, options, async (session) => {
      const namespace = targetOf(session);
      const names = all ? ((await session.api.appNames(namespace)).names ?? []) : args;
      if (names.length === 0) {
        note(context.terminal, 'No applications found to delete');
        return;
      }
      const deleteImage = flagOption(options, 'deleteImage');
      if (deleteImage && !flagOption(options, 'force')) {
        await confirmOrCancel(
          context,
          `This deletes the images of ${names.join(', ')} for good. Are you sure?`,
          'give --force',
        );
      }
      const result = await session.api.deleteApps(namespace, names, deleteImage);
      const unbound = result.unboundconfigurations ?? [];
      if (unbound.length > 0)
        printTable(
          context.terminal,
          ['Unbound Configurations'],
          unbound.map((name) => [name]),
        );
      for (const warning of result.warnings ?? []) warn(context.terminal, warning);
      done(context.terminal, 'Applications Removed.');
    });
  },
} satisfies Command;
