import type { Readable, Writable } from 'node:stream';

/** Standard streams with what is known of them. Results go to `out`, progress and errors to `err`. */
export interface Terminal {
  readonly input: Readable & { isTTY?: boolean };
  readonly out: Writable & { isTTY?: boolean; columns?: number };
  readonly err: Writable & { isTTY?: boolean };
  /** Colours are welcome on `err` and `out`: a terminal, no NO_COLOR, no --no-colors. */
  readonly colors: boolean;
}

const STYLES = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, bold: 1, dim: 2 } as const;
export type Style = keyof typeof STYLES;

/** The text in a style, or as it is where colours are not welcome. */
export function paint(terminal: Terminal, style: Style, text: string): string {
  return terminal.colors ? `\u001b[${String(STYLES[style])}m${text}\u001b[0m` : text;
}

/** A line of a result, on stdout. */
export function print(terminal: Terminal, line = ''): void {
  terminal.out.write(`${line}\n`);
}

/** A JSON document on stdout. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A line about what is being done, on stderr. */
export function note(terminal: Terminal, line: string): void {
  terminal.err.write(`${line}\n`);
}

/** A step that has been done, on stderr. */
export function done(terminal: Terminal, line: string): void {
  note(terminal, `${paint(terminal, 'green', '✔')} ${line}`);
}

/** Something the user should know, on stderr. */
export function warn(terminal: Terminal, line: string): void {
  note(terminal, `${paint(terminal, 'yellow', '!')} ${line}`);
}
