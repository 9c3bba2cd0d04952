import { isMet, ratioOf, type Figure } from './figure.ts';

const HEADERS = ['Figure', 'Measured', 'Baseline', '', 'Ratio', 'Goal', 'Met'] as const;

/** The figures as a table for people. */
export function tableText(figures: readonly Figure[]): string {
  const rows = [HEADERS, ...figures.map(row)];
  const widths = HEADERS.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  return rows
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function row(figure: Figure): string[] {
  const { name, unit, measured, runs, baseline, goal } = figure;
  const ratio = ratioOf(figure);
  return [
    name,
    `${amount(measured, unit)}${runs > 1 ? ` (median of ${runs})` : ''}`,
    baseline === undefined ? '' : amount(baseline.value, unit),
    baseline?.what ?? '',
    ratio === undefined ? '' : ratio.toFixed(2),
    goal === undefined
      ? ''
      : goal.kind === 'below'
        ? `< ${amount(goal.value, unit)}`
        : `${goal.kind === 'at most times' ? '<=' : '>='} ${goal.value} times`,
    { true: 'yes', false: 'NO', undefined: '' }[String(isMet(figure)) as 'true' | 'false' | 'undefined'],
  ];
}

function amount(value: number, unit: Figure['unit']): string {
  if (unit === '/s') return `${Math.round(value)}/s`;
  return `${value < 10 ? value.toFixed(2) : Math.round(value)} ${unit}`;
}
