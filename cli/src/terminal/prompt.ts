import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { EpinioError } from '@epinio/core';
import type { CommandContext } from '../command.ts';

/** Asks for a line; fails with `PROMPT_NO_TERMINAL` and `fix` when nobody is there to answer. */
export async function ask(
  context: CommandContext,
  question: string,
  fix: string,
  secret = false,
): Promise<string> {
  const { input, err } = context.terminal;
  if (input.isTTY !== true) {
    throw new EpinioError(
      'PROMPT_NO_TERMINAL',
      `"${question.trim()}" cannot be asked: there is no terminal`,
      { fix },
    );
  }
  err.write(question);
  // What is typed is echoed by readline itself; a secret is not.
  const silent = new Writable({ write: (_chunk, _encoding, callback) => callback() });
  const lines = createInterface({ input, output: secret ? silent : err, terminal: true });
  try {
    return await lines.question('', { signal: context.signal });
  } finally {
    lines.close();
    if (secret) err.write('\n');
  }
}

/** Asks for a yes; everything else is a no. */
export async function confirm(context: CommandContext, question: string, fix: string): Promise<boolean> {
  const answer = await ask(context, `${question} (y/N): `, fix);
  return /^y(es)?$/i.test(answer.trim());
}

/** Fails with `CANCELLED` unless the user agrees. */
export async function confirmOrCancel(context: CommandContext, question: string, fix: string): Promise<void> {
  if (!(await confirm(context, question, fix))) throw new EpinioError('CANCELLED', 'Cancelled by user');
}
