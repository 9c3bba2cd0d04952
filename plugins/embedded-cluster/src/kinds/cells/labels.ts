/** "a=b,c=d", or "<none>". */
export function labelsText(labels: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  return entries.length === 0 ? '<none>' : entries.sort().join(',');
}
