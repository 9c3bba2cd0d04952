import { timeoutMultiplier } from '../client/session.ts';
import type { Readable } from 'node:stream';
import { flagOption, type Command } from '../command.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { loadProfile, loadSaved } from '../platform/installation.ts';

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
    {
      flags: '--standby',
      description: 'load the code, and begin when a line comes on standard input; end with it otherwise',
    },
  ],
  async run(_args, options, context) {
    const dataDir = dataFolder(context, options);
    if (flagOption(options, 'standby') && !(await isToBegin(context.terminal.input))) return;
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

/** Loads what most servers need, and waits for a line. @returns false when the input ends without one */
async function isToBegin(input: Readable): Promise<boolean> {
  const line = new Promise<boolean>((resolve) => {
    input.once('data', () => resolve(true));
    input.once('end', () => resolve(false));
  });
  // What is wrong here comes up again when it is needed.
  await Promise.allSettled([
    import('../platform/serve.ts'),
    import('@epinio/core/adapters'),
    loadProfile('embedded'),
  ]);
  return line;
}
