import { withSession } from '../client/session.ts';
import type { Command } from '../command.ts';
import { readSettings, writeSettings } from '../settings/settings-file.ts';
import { done, print } from '../terminal/terminal.ts';

export default {
  summary: 'show or choose the namespace to work in',
  arguments: [{ name: 'namespace', description: 'the namespace to target', required: false }],
  async run([namespace], options, context) {
    if (namespace === undefined) {
      print(context.terminal, (await readSettings(context, options)).namespace);
      return;
    }
    await withSession(context, options, ({ api }) => api.namespace(namespace));
    await writeSettings(context, options, { namespace });
    done(context.terminal, `Namespace targeted: ${namespace}`);
  },
} satisfies Command;
