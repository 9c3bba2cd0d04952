import { EpinioError } from '@epinio/core';
import { distance } from 'fastest-levenshtein';
import { aliases, commands, type CommandEntry } from './commands/table.ts';
import { takesValue } from './global-options.ts';

export type Found =
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly entry: CommandEntry;
      readonly rest: readonly string[];
    }
  | { readonly kind: 'help'; readonly group: string; readonly wrong: boolean };

/** Finds the command that an argument list names; global flags may stand before it. */
export function findCommand(argv: readonly string[]): Found {
  const before: string[] = [];
  let words = '';
  let index = 0;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word.startsWith('-')) {
      before.push(word);
      if (takesValue(word)) before.push(argv[(index += 1)] ?? '');
      continue;
    }
    const next = words === '' ? (aliases[word] ?? word) : `${words} ${word}`;
    if (next === 'help') continue;
    if (commands[next] !== undefined) {
      return {
        kind: 'command',
        name: next,
        entry: commands[next],
        rest: [...before, ...argv.slice(index + 1)],
      };
    }
    if (!isGroup(next)) throw unknown(words, next);
    words = next;
  }
  const asked = argv.some((word) => word === '--help' || word === '-h' || word === 'help');
  return { kind: 'help', group: words, wrong: !asked && argv.length > 0 };
}

function isGroup(words: string): boolean {
  return Object.keys(commands).some((name) => name.startsWith(`${words} `));
}

function unknown(group: string, wanted: string): EpinioError {
  const depth = wanted.split(' ').length;
  const names = [...new Set(Object.keys(commands).map((name) => name.split(' ').slice(0, depth).join(' ')))];
  const near = names
    .filter((name) => name.startsWith(group))
    .map((name) => ({ name, far: distance(name, wanted) }))
    .toSorted((a, b) => a.far - b.far)[0];
  const guess = near !== undefined && near.far <= Math.max(2, wanted.length / 3) ? near.name : undefined;
  return new EpinioError('USAGE_UNKNOWN_COMMAND', `There is no command "epinio ${wanted}"`, {
    fix:
      guess === undefined
        ? `epinio ${group === '' ? '' : `${group} `}--help`
        : `did you mean: epinio ${guess}`,
  });
}
