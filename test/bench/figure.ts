import type { Bench } from './bench-run.ts';

/** What a figure has to reach: a bound of its own, or of its ratio to the baseline. */
export type Goal =
  | { readonly kind: 'below'; readonly value: number }
  | { readonly kind: 'at most times'; readonly value: number }
  | { readonly kind: 'at least times'; readonly value: number };

/** What was measured, and on the same machine in the same minute, what the least thing of its kind costs. */
export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'MB' | '/s';
  /** The median of the runs. */
  readonly measured: number;
  readonly runs: number;
  readonly baseline?: { readonly what: string; readonly value: number };
  /** Left out where no goal is set. */
  readonly goal?: Goal;
}

/** Figures that come from the same work. */
export interface FigureGroup {
  /** The figures by their names, with what each tells. */
  readonly figures: Readonly<Record<string, string>>;
  /** True for what takes so long that it has to be named. */
  readonly onDemand?: boolean;
  /** Yields the figures that `bench.wants`. */
  measure(bench: Bench): AsyncIterable<Figure>;
}

/** Times the baseline, or undefined where there is none. */
export function ratioOf({ measured, baseline }: Figure): number | undefined {
  return baseline === undefined ? undefined : measured / baseline.value;
}

/** Undefined where no goal is set. */
export function isMet(figure: Figure): boolean | undefined {
  const { goal } = figure;
  if (goal === undefined) return undefined;
  if (goal.kind === 'below') return figure.measured < goal.value;
  const ratio = ratioOf(figure) ?? NaN;
  return goal.kind === 'at most times' ? ratio <= goal.value : ratio >= goal.value;
}
