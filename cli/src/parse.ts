import { EpinioError } from '@epinio/core';
import { Command as Commander, CommanderError, Option } from 'commander';
import type { Command, Options, OptionSpec } from './command.ts';
import { globalOptions } from './global-options.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface Parsed {
  readonly args: readonly string[];
  readonly options: Options;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Parses the arguments of one command; prints its help and answers "help" when that was asked for. */
export function parse(
  name: string,
  command: Command,
  argv: readonly string[],
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): Parsed | 'help' {
  const commander = new Commander(`epinio ${name}`)
    .description(command.summary)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: () => undefined })
    .showSuggestionAfterError(true);
  for (const { name: word, description, required, variadic } of command.arguments ?? []) {
    const text = variadic === true ? `${word}...` : word;
    commander.argument(required ? `<${text}>` : `[${text}]`, description);
  }
  for (const spec of [...(command.options ?? []), ...globalOptions]) commander.addOption(toOption(spec, env));
  if (command.examples !== undefined) {
    commander.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  }
  try {
    commander.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return 'help';
    throw wrongUse(name, error);
  }
  return { args: commander.args, options: commander.opts(), env };
}

function toOption(spec: OptionSpec, env: Readonly<Record<string, string | undefined>>): Option {
  const text = spec.env === undefined ? spec.description : `${spec.description} (environment: ${spec.env})`;
  const option = new Option(spec.flags, text);
  if (spec.choices !== undefined) option.choices(spec.choices);
  if (spec.repeatable === true) {
    option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value]);
  }
  const given = spec.env === undefined ? undefined : env[spec.env];
  const takes = spec.flags.includes('<');
  const fromEnv =
    given === undefined || given === '' ? undefined : takes ? given : given !== 'false' && given !== '0';
  const value = fromEnv ?? spec.default;
  if (value !== undefined) option.default(value, String(value));
  return option;
}

function wrongUse(name: string, error: CommanderError): EpinioError {
  const [first = '', ...hints] = error.message.replace(/^error: /, '').split('\n');
  const hint = hints.join(' ').replace(/[()]/g, '').trim();
  return new EpinioError('USAGE_WRONG', `epinio ${name}: ${first}`, {
    fix: hint === '' ? `epinio ${name} --help` : hint,
  });
}
