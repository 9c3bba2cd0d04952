import type { Readable, Writable } from 'node:stream';
import { isEpinioError } from '@epinio/core';
import type { CommandContext } from './command.ts';
import { findCommand } from './find-command.ts';
import { parse } from './parse.ts';
import { printError } from './terminal/print-error.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface Io {
  readonly input: Readable & { isTTY?: boolean };
  readonly out: Writable & { isTTY?: boolean };
  readonly err: Writable & { isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** Codes of errors that come from how the command was used or configured: exit code 2. */
const WRONG_USE = /^(USAGE|CONFIG|PLUGIN|PROMPT)_/;

/**
 * Runs one command line. @returns the exit code: 0 done, 1 failed, 2 wrong use or configuration,
 * 130 interrupted.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const terminal: Terminal = {
    get input() {
      return io.input;
    },
    out: io.out,
    err: io.err,
    colors: wantsColors(argv, io),
  };
  try {
    const found = findCommand(argv);
    if (found.kind === 'help') {
      const { printOverview } = await import('./terminal/overview.ts');
      printOverview(terminal, found.group);
      return found.wrong ? 2 : 0;
    }
    const { default: command } = await found.entry.load();
    const parsed = parse(found.name, command, found.rest, terminal, io.env);
    if (parsed === 'help') return 0;
    const context: CommandContext = { terminal, env: parsed.env, cwd: io.cwd, signal: io.signal };
    await command.run(parsed.args, parsed.options, context);
    return 0;
  } catch (error) {
    if (io.signal.aborted) {
      const left = isEpinioError(error) ? error.message : 'Interrupted';
      terminal.err.write(`\n${left}\n`);
      return 130;
    }
    printError(terminal, error, io.env['EPINIO_DEBUG'] !== undefined);
    return isEpinioError(error) && error.fault === 'user' && WRONG_USE.test(error.code) ? 2 : 1;
  }
}

function wantsColors(argv: readonly string[], { err, env }: Io): boolean {
  if (argv.includes('--no-colors') || (env['NO_COLOR'] ?? '') !== '' || env['EPINIO_COLORS'] === 'false')
    return false;
  return err.isTTY === true && env['TERM'] !== 'dumb';
}
