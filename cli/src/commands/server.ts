import { timeoutMultiplier } from '../client/session.ts';
import type { Command } from '../command.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { loadSaved } from '../platform/installation.ts';

export default {
  summary: 'run the platform server in the foreground',
  options: [
    dataDirOption,
    {
      flags: '--log-level <level>',
      description: 'how much is logged',
      env: 'LOG_LEVEL',
      default: 'info',
      choices: ['debug', 'info', 'warn', 'error'],
    },
  ],
  async run(_args, options, context) {
    const dataDir = dataFolder(context, options);
    const installation = await loadSaved(dataDir);
    const [{ serve }, { createLog }] = await Promise.all([
      import('../platform/serve.ts'),
      import('@epinio/core/adapters'),
    ]);
    const log = await createLog({ level: String(options['logLevel']) });
    await serve({
      installation,
      dataDir,
      log,
      environment: context.env,
      signal: context.signal,
      timeoutMultiplier: timeoutMultiplier(options),
    });
  },
} satisfies Command;
