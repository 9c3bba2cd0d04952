import type { Terminal } from './terminal.ts';
import { paint, print } from './terminal.ts';

/** Prints rows under upper-cased headers in the published ASCII layout. Control characters cannot leave a cell. */
export function printTable(
  terminal: Terminal,
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const cells = rows.map((row) => row.map(printable));
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...cells.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  print(terminal, paint(terminal, 'bold', line(headers.map((header) => header.toUpperCase()))));
  print(terminal, rule);
  for (const row of cells) print(terminal, line(row));
}

/** Prints a two-column table of names and values. */
export function printPairs(terminal: Terminal, pairs: readonly (readonly [string, string])[]): void {
  printTable(terminal, ['Key', 'Value'], pairs);
}

function printable(cell: string): string {
  return cell.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trimEnd();
}
