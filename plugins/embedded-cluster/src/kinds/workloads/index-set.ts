/**
 * The indexes that a text such as "0-3,5" names, in rising order. Fails with an Error, in Kubernetes' words, for
 * what is no such text, or goes beyond `completions`.
 */
export function parseIndexes(text: string, completions: number): readonly number[] {
  const indexes: number[] = [];
  if (text === '') return indexes;
  for (const interval of text.split(',')) {
    const limits = interval.split('-');
    if (limits.length > 2)
      throw new Error(
        `the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      );
    const [first = 0, last = first] = limits.map((limit) => parseIndex(limit, completions));
    if (limits.length === 2 && first >= last)
      throw new Error(`non-increasing order, previous: ${first}, current: ${last}`);
    const previous = indexes.at(-1);
    if (previous !== undefined && previous >= first)
      throw new Error(`non-increasing order, previous: ${previous}, current: ${first}`);
    for (let index = first; index <= last; index++) indexes.push(index);
  }
  return indexes;
}

function parseIndex(text: string, completions: number): number {
  if (!/^\d+$/.test(text))
    throw new Error(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  const index = Number(text);
  if (index >= completions) throw new Error(`too large index: ${JSON.stringify(text)}`);
  return index;
}

/** Indexes as Kubernetes writes them, runs of three and more as intervals: "0-3,5,7,8". */
export function formatIndexes(indexes: Iterable<number>): string {
  const parts: string[] = [];
  let first: number | undefined;
  let last = -1;
  const close = (): void => {
    if (first === undefined) return;
    if (first === last) parts.push(String(first));
    else parts.push(last === first + 1 ? `${first},${last}` : `${first}-${last}`);
  };
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    if (first !== undefined && index === last + 1) {
      last = index;
      continue;
    }
    close();
    first = last = index;
  }
  close();
  return parts.join(',');
}
