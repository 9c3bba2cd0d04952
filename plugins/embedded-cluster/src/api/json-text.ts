import { MAX_DEPTH } from '../json.ts';

/** More findings than this help nobody. */
const MAX_FINDINGS = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Keys that one object of a JSON text has twice, each as the path to it: `spec.containers[0].name`. JSON.parse lets
 * the last one win without a word. The text must be valid.
 */
export function duplicateKeys(text: string): readonly string[] {
  const found = new Set<string>();
  const levels: Level[] = [];
  let level: Level | undefined;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfString(text, index + 1);
      if (level?.keys !== undefined && level.atKey) {
        level.name = nameAt(text, index, end);
        if (level.keys.has(level.name) && found.size < MAX_FINDINGS) found.add(pathOf(levels));
        level.keys.add(level.name);
        level.atKey = false;
      }
      index = end;
    } else if (code === 0x7b || code === 0x5b) {
      level = { keys: code === 0x7b ? new Set() : undefined, atKey: code === 0x7b, name: '', index: 0 };
      levels.push(level);
    } else if (code === 0x7d || code === 0x5d) {
      levels.pop();
      level = levels.at(-1);
    } else if (code === 0x2c && level !== undefined) {
      level.atKey = level.keys !== undefined;
      level.index++;
    }
  }
  return [...found];
}

/** One object or list on the way down. */
interface Level {
  /** Of an object. */
  readonly keys: Set<string> | undefined;
  atKey: boolean;
  name: string;
  index: number;
}

/** Index of the quote that ends a string whose content begins at `from`. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function nameAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes('\\') ? (JSON.parse(text.slice(start, end + 1)) as string) : raw;
}

function pathOf(levels: readonly Level[]): string {
  return levels
    .map(({ keys, name, index }) => (keys === undefined ? `[${index}]` : `.${name}`))
    .join('')
    .slice(1);
}

/** True when a JSON text is nested so deeply that nobody means it. */
export function isTooDeep(text: string): boolean {
  if (text.length < MAX_DEPTH) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfString(text, index + 1);
      if (end < 0) return false;
      index = end;
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}
