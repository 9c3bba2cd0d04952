/** Values of a chart, as in a values file. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** Pure: lays values over others as Helm lays one values file over another: maps are merged, all else is replaced. */
export function mergeValues(low: ChartValues, high: ChartValues): ChartValues {
  const merged = Object.entries(high).map(([key, value]): [string, unknown] => {
    const below = Object.hasOwn(low, key) ? low[key] : undefined;
    return [key, isMap(value) && isMap(below) ? mergeValues(below, value) : value];
  });
  return { ...low, ...Object.fromEntries(merged) };
}

function isMap(value: unknown): value is ChartValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
