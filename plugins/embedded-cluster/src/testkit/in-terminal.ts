import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { eventually } from '@epinio/core/testkit';
import { createTerminal, resizeTerminal, takeTerminal } from '../node/streams/terminal.ts';
import type { TerminalSize } from '../api/node-access.ts';

/** A program that a person uses: in a terminal, with somebody who reads and types. */
export interface InTerminal {
  /** All that was shown. */
  readonly shown: () => string;
  type(text: string): void;
  /** Waits until something is shown. */
  sees(pattern: RegExp): Promise<void>;
  resize(size: TerminalSize): void;
  readonly exitCode: Promise<number>;
  kill(): void;
}

/** Starts a program in a terminal of 80 by 24 characters. */
export function inTerminal(command: readonly string[], env: NodeJS.ProcessEnv): InTerminal {
  const { master, slave, path } = createTerminal(undefined);
  const words = [...takeTerminal(path), ...command];
  const child = spawn(words[0] ?? '', words.slice(1), { env, detached: true, stdio: [slave, slave, slave] });
  closeSync(slave); // the program's alone, so that the terminal ends with it
  const terminal = new ReadStream(master);
  let output = '';
  terminal.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  terminal.on('error', () => terminal.destroy()); // the program has left it
  const exitCode = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
  return {
    shown: () => output,
    type: (text) => void terminal.write(text),
    sees: async (pattern) => {
      await eventually(() => {
        if (!pattern.test(output))
          throw new Error(`${String(pattern)} is not shown: ${JSON.stringify(output)}`);
      }, 20_000);
    },
    resize: (size) => resizeTerminal(path, size),
    exitCode,
    kill: () => void child.kill('SIGKILL'),
  };
}
