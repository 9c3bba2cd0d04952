import { isEpinioError, messageOf } from '@epinio/core';
import { paint, type Terminal } from './terminal.ts';

/** What happened, the facts behind it, and how to mend it. Stacks only when asked for, or when it is our own fault. */
export function printError(terminal: Terminal, error: unknown, debug: boolean): void {
  const write = (line: string): boolean => terminal.err.write(`${line}\n`);
  write(`${paint(terminal, 'red', '✘')} ${messageOf(error)}`);
  if (isEpinioError(error)) {
    for (const detail of error.details) write(`  ${detail}`);
    const because = error.cause === undefined ? '' : messageOf(error.cause);
    if (because !== '' && !error.message.includes(because)) write(`  because: ${because}`);
    if (error.fix !== undefined) write(`${paint(terminal, 'cyan', 'fix:')} ${error.fix}`);
  }
  if ((debug || !isEpinioError(error)) && error instanceof Error && error.stack !== undefined) {
    write(paint(terminal, 'dim', error.stack));
  }
}
