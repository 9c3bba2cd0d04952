import { commands } from '../commands/table.ts';
import { paint, print, type Terminal } from './terminal.ts';

/** The commands of a group, or all of them, with a line on each. */
export function printOverview(terminal: Terminal, group: string): void {
  const shown = Object.entries(commands).filter(([name]) => group === '' || name.startsWith(`${group} `));
  const width = Math.max(...shown.map(([name]) => name.length));
  print(terminal, group === '' ? 'Epinio: from source to URL on Kubernetes in one step' : `epinio ${group}`);
  print(terminal);
  for (const [name, { summary }] of shown) {
    print(terminal, `  ${paint(terminal, 'bold', `epinio ${name.padEnd(width)}`)}  ${summary}`);
  }
  print(terminal);
  print(terminal, 'epinio COMMAND --help shows arguments, flags and examples.');
}
