import type { Command } from '../command.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { done, note } from '../terminal/terminal.ts';

export default {
  summary: 'stop the embedded platform and its applications',
  options: [dataDirOption],
  async run(_args, options, context) {
    const { stopServer } = await import('../platform/background-server.ts');
    const dataDir = dataFolder(context, options);
    if (await stopServer({ dataDir, signal: context.signal })) done(context.terminal, 'Epinio stopped');
    else note(context.terminal, `No platform is running in ${dataDir}`);
  },
} satisfies Command;
