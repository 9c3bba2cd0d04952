import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { Problem } from '../kernel/problem.ts';
import { map, type Entry, type Located } from './located.ts';
import { originText, type FileOrigin } from './origin.ts';

/** Aliases can make a small file huge; no config has this many values. */
const MAX_VALUES = 20_000;

/**
 * Parses YAML 1.2, of which JSON is a part. All syntax errors are told, each with its line and column;
 * what could be understood is there all the same, so that its own errors can be told with them.
 */
export function parseYaml(
  text: string,
  file: string,
): { readonly located?: Located; readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const reader = new Reader(document, file, lines);
  const problems: Problem[] = document.errors.map((error) => ({
    code: 'CONFIG_SYNTAX',
    message: `YAML is not well-formed: ${error.message}`,
    origin: originText(reader.origin(error.pos[0])),
    cause: error,
  }));
  if (document.contents === null) {
    if (problems.length > 0) return { problems };
    const fix = 'write at least: api: epinio/v1';
    return { problems: [{ code: 'CONFIG_EMPTY', message: `Config file "${file}" is empty`, fix }] };
  }
  const located = reader.read(document.contents);
  problems.push(...reader.problems);
  return { located, problems };
}

class Reader {
  readonly problems: Problem[] = [];
  readonly #document: Document;
  readonly #file: string;
  readonly #lines: LineCounter;
  #values = 0;

  constructor(document: Document, file: string, lines: LineCounter) {
    this.#document = document;
    this.#file = file;
    this.#lines = lines;
  }

  origin(offset: number | undefined): FileOrigin {
    if (offset === undefined) return { kind: 'file', file: this.#file };
    const { line, col } = this.#lines.linePos(offset);
    return { kind: 'file', file: this.#file, line, column: col };
  }

  read(node: unknown): Located {
    const origin = this.origin((node as Node | null)?.range?.[0]);
    if (++this.#values > MAX_VALUES) {
      if (this.#values === MAX_VALUES + 1)
        this.#problem('CONFIG_TOO_LARGE', `More than ${MAX_VALUES} values`, origin);
      return { kind: 'scalar', origin, value: null };
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined && !isAlias(target)) return this.read(target);
      this.#problem('CONFIG_SYNTAX', `Anchor "${node.source}" is not defined`, origin);
      return { kind: 'scalar', origin, value: null };
    }
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }): readonly [string, Entry] => {
        const keyOrigin = this.origin((key as Node | null)?.range?.[0]);
        return [String(isScalar(key) ? key.value : key), { keyOrigin, value: this.read(value) }];
      });
      return map(origin, entries);
    }
    if (isSeq(node)) return { kind: 'list', origin, items: node.items.map((item) => this.read(item)) };
    return { kind: 'scalar', origin, value: isScalar(node) ? node.value : null };
  }

  #problem(code: string, message: string, origin: FileOrigin): void {
    this.problems.push({ code, message, origin: originText(origin) });
  }
}
