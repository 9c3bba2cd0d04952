import type { Command } from '../command.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { loadSaved } from '../platform/installation.ts';
import { done, print } from '../terminal/terminal.ts';

export default {
  summary: 'start the embedded platform in the background',
  options: [dataDirOption],
  async run(_args, options, context) {
    const dataDir = dataFolder(context, options);
    await loadSaved(dataDir); // what is wrong with it is told here, not in the server's log
    const { runningServer, startInBackground } = await import('../platform/background-server.ts');
    const was = await runningServer(dataDir);
    const { api = '' } = await startInBackground({ dataDir, signal: context.signal }, 'ready');
    done(context.terminal, was?.phase === 'ready' ? 'Epinio is running already' : 'Epinio started');
    print(context.terminal, `API: ${api}`);
  },
} satisfies Command;
