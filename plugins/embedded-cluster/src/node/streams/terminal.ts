import { chownSync, closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { EpinioError } from '@epinio/core';
import type { StreamSelection, TerminalSize } from '../../api/node-access.ts';
import type { OpenStreams } from './pipes.ts';

/** The part of node-pty that makes terminals, as its prebuilt packages have it. */
interface NativePty {
  open(
    columns: number,
    rows: number,
  ): { readonly master: number; readonly slave: number; readonly pty: string };
  resize(descriptor: number, columns: number, rows: number): void;
}

/** A new pseudoterminal: `master` is the side of who types, `slave` that of the process, both open. */
export interface Terminal {
  readonly master: number;
  readonly slave: number;
  /** Where the slave can be opened again. */
  readonly path: string;
}

const SIZE: TerminalSize = { columns: 80, rows: 24 };
/** A session leader without a terminal gets the first one that it opens. */
const TAKE_TERMINAL = 'exec <>"$0" >&0 2>&0 && exec "$@"';

/** Makes a terminal that belongs to a user. Fails with `TERMINAL_UNAVAILABLE`. */
export function createTerminal(owner: number | undefined): Terminal {
  const { master, slave, pty } = native().open(SIZE.columns, SIZE.rows);
  if (owner !== undefined) chownSync(pty, owner, owner);
  return { master, slave, path: pty };
}

/** Tells the processes of a terminal how large it is. */
export function resizeTerminal(path: string, { columns, rows }: TerminalSize): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  try {
    native().resize(descriptor, columns, rows);
  } finally {
    closeSync(descriptor);
  }
}

/** The words that make a terminal the controlling one of a process that is a session leader. */
export function takeTerminal(path: string): readonly string[] {
  return ['/bin/sh', '-c', TAKE_TERMINAL, path];
}

/** A terminal for a process that is about to start. Fails with `TERMINAL_UNAVAILABLE`. */
export async function openTerminal(wanted: StreamSelection, owner: number | undefined): Promise<OpenStreams> {
  const { master, slave, path } = createTerminal(owner);
  const terminal = new ReadStream(master);
  // When the last process that had the terminal open is gone, reading is an error to the system.
  terminal.on('error', () => terminal.destroy());
  let isOver = false;
  return {
    prefix: takeTerminal(path),
    descriptors: [slave, slave, slave],
    own: {
      ...(wanted.stdin ? { stdin: typed(terminal) } : {}),
      ...(wanted.stdout ? { stdout: shown(terminal) } : {}),
    },
    resize(size) {
      if (!isOver) native().resize(master, size.columns, size.rows);
    },
    handedOver: () => closeSync(slave),
    ended: () => (isOver = true),
    destroy() {
      isOver = true;
      terminal.destroy();
    },
  };
}

/** What is typed; who types no more leaves the terminal as it is. */
function typed(terminal: ReadStream): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (terminal.destroyed || terminal.write(chunk)) {
        done();
        return;
      }
      const goOn = (): void => {
        terminal.off('drain', goOn).off('close', goOn);
        done();
      };
      terminal.on('drain', goOn).on('close', goOn);
    },
  });
}

/** What is shown, until all processes have left the terminal. */
function shown(terminal: ReadStream): Readable {
  const output = new Readable({
    read: () => void terminal.resume(),
    destroy: (error, done) => {
      terminal.destroy();
      done(error);
    },
  });
  terminal.on('data', (chunk: Buffer) => {
    if (!output.push(chunk)) terminal.pause();
  });
  terminal.once('close', () => output.push(null));
  return output;
}

/** Loaded when the first terminal is asked for. */
function native(): NativePty {
  const name = `@lydell/node-pty-${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url)(`${name}/pty.node`) as NativePty;
  } catch (cause) {
    throw new EpinioError(
      'TERMINAL_UNAVAILABLE',
      `terminals need the package "${name}", which could not be loaded`,
      { fix: 'Install without --omit=optional; without -t commands run all the same', cause },
    );
  }
}
