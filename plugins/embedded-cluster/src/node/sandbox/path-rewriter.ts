/** A path of a container and the real one behind it. */
export interface PathMapping {
  readonly path: string;
  readonly real: string;
}

/** Ends of a path inside a longer value: search paths, lists, quotes, shell words. */
const END = `(?=[/:;,&|)"'\\s]|$)`;

/**
 * Replaces container paths by real ones, for containers that share the host's file system: where a value
 * begins with one, or has it after `=` or `:`; in words of a command also after a space, quote, bracket or redirection
 * (`sh -c "cd /workspace && …"`). The longest path wins.
 */
export function createPathRewriter(mappings: readonly PathMapping[]): {
  value(text: string): string;
  word(text: string): string;
} {
  const real = new Map(mappings.map((mapping) => [mapping.path, mapping.real]));
  const paths = [...real.keys()].filter((path) => path !== '/').sort((a, b) => b.length - a.length);
  if (paths.length === 0) return { value: (text) => text, word: (text) => text };
  const any = paths.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const value = new RegExp(`(^|[=:])(${any})${END}`, 'g');
  const word = new RegExp(`(^|[=:\\s"'(<>])(${any})${END}`, 'g');
  const replace = (_: string, before: string, path: string): string => before + (real.get(path) ?? path);
  return { value: (text) => text.replace(value, replace), word: (text) => text.replace(word, replace) };
}
