/** What plugins whose component is a Helm chart have in common: their options, and the part that these make. */
export { chartOptions, chartPart } from './chart-options.ts';
export type { ChartDefaults, ChartOptions, ChartRelease } from './chart-options.ts';
export { mergeValues } from './merge-values.ts';
export type { ChartValues } from './merge-values.ts';
