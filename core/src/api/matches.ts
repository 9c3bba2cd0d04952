/** The published answer to a prefix search: without names, there is no key. */
export function matches(names: readonly string[], prefix = ''): { names?: string[] } {
  const found = names.filter((name) => name.startsWith(prefix)).sort();
  return found.length === 0 ? {} : { names: found };
}
