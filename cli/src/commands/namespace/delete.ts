import { withSession } from '../../client/session.ts';
import { flagOption, type Command } from '../../command.ts';
import { confirmOrCancel } from '../../terminal/prompt.ts';
import { wantsAll } from '../named-or-all.ts';
import { done, note } from '../../terminal/terminal.ts';

export default {
  summary: 'delete namespaces and all that is in them',
  arguments: [{ name: 'name', description: 'their names', required: false, variadic: true }],
  options: [
    { flags: '-f, --force', description: 'delete without a question' },
    { flags: '--all', description: 'delete every namespace' },
  ],
  async run(args, options, context) {
    const all = wantsAll('namespaces', args, options);
    await withSession(context, options, async ({ api }) => {
      const names = all ? ((await api.namespaceNames()).names ?? []) : args;
      if (names.length === 0) {
        note(context.terminal, 'No namespaces found to delete');
        return;
      }
      if (!flagOption(options, 'force')) {
        const what = `This deletes ${names.join(', ')} with all applications in it. Are you sure?`;
        await confirmOrCancel(context, what, 'give --force');
      }
      await api.deleteNamespaces(names);
      done(context.terminal, 'Namespaces deleted.');
    });
  },
} satisfies Command;
