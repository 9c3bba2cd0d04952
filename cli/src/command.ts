import type { Terminal } from './terminal/terminal.ts';

/** What a command may touch of the world outside: nothing else is read anywhere below. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A positional argument; only the last one may be variadic. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic?: boolean;
}

/** A flag in commander's notation: `-n, --name <name>`, `--all`, `-e, --env <assignment...>`. */
export interface OptionSpec {
  readonly flags: string;
  readonly description: string;
  readonly default?: string | boolean | number;
  /** The environment variable that gives its value when the flag is absent. */
  readonly env?: string;
  readonly choices?: readonly string[];
  /** May be given several times; arrives as a list. */
  readonly repeatable?: boolean;
}

/** Options as they arrive: by camel-cased long name. */
export interface Options {
  readonly [name: string]: unknown;
}

/** One command as data, so that help, checks and documentation come from the same place. */
export interface Command {
  readonly summary: string;
  /** Shown by `--help` below the options: lines that can be typed as they are. */
  readonly examples?: readonly string[];
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  run(args: readonly string[], options: Options, context: CommandContext): Promise<void>;
}

/** The value of an option that takes text. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be repeated; undefined when it was not given. */
export function listOption(options: Options, name: string): readonly string[] | undefined {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** True when the flag was given. */
export function flagOption(options: Options, name: string): boolean {
  return options[name] === true;
}

/** `--output json` on commands that print a result. */
export const outputOption: OptionSpec = {
  flags: '-o, --output <format>',
  description: 'output format',
  default: 'text',
  choices: ['text', 'json'],
};

/** True when the result is for a program. */
export function wantsJson(options: Options): boolean {
  return options['output'] === 'json';
}
