import { CST, Lexer } from 'yaml';

/** What comes after this mark is text, whatever it looks like. */
const TEXT_FOLLOWS = 'scalar';
const OPENS: readonly unknown[] = ['flow-seq-start', 'flow-map-start'];
const CLOSES: readonly unknown[] = ['flow-seq-end', 'flow-map-end'];
const COMPACT: readonly unknown[] = ['seq-item-ind', 'explicit-key-ind'];

/**
 * True when brackets, or items that begin on one line (`- - - a`), are nested in more than so many levels. The parser
 * itself has no bound: three megabytes of `[` take it more memory than a process has. Nesting by indentation is not
 * counted: each level makes all lines below longer, so that a body cannot have many.
 */
export function mayNestDeeper(text: string, levels: number): boolean {
  if (!hasMore(text, levels)) return false;
  let depth = 0;
  let compact = 0;
  let isText = false;
  for (const lexeme of new Lexer().lex(text)) {
    const type: CST.TokenType | null = isText ? null : CST.tokenType(lexeme);
    isText = type === TEXT_FOLLOWS;
    if (OPENS.includes(type)) depth++;
    else if (CLOSES.includes(type)) depth--;
    else if (COMPACT.includes(type)) compact++;
    else if (type === 'newline') compact = 0;
    if (depth + compact > levels) return true;
  }
  return false;
}

/** True when a text has more characters that may begin something than so many: hardly any has. */
function hasMore(text: string, count: number): boolean {
  let found = 0;
  for (const _ of text.matchAll(/[[{]|[-?](?=\s)/g)) if (++found > count) return true;
  return false;
}
