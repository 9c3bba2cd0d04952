import {
  isScalar,
  LineCounter,
  parseDocument,
  stringify,
  visit,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
  type Tags,
} from 'yaml';
import { isDeeper, MAX_DEPTH } from '../json.ts';
import { mayNestDeeper } from './yaml-depth.ts';

/** How often one document may repeat what it names: more is a bomb. */
const MAX_ALIASES = 100;
/** Tags of YAML 1.1 that JSON cannot say, and what Kubernetes leaves as text. */
const LEFT_AS_TEXT = ['timestamp', 'binary', 'omap', 'pairs', 'set'];

/** The YAML that Kubernetes reads: 1.1 with `yes` and `off`, octal numbers and merge keys, but with times as text. */
const OPTIONS = {
  version: '1.1',
  schema: 'yaml-1.1',
  uniqueKeys: false, // the parser compares every key with every other: minutes for a map of 200,000
  customTags: (tags: Tags): Tags =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' ||
        (!LEFT_AS_TEXT.includes(tag.tag.replace('tag:yaml.org,2002:', '')) &&
          !('format' in tag && tag.format === 'TIME')),
    ),
} as const satisfies DocumentOptions & ParseOptions & SchemaOptions;

export interface ParsedYaml {
  readonly value: unknown;
  /** Keys that a map has twice, each with its line. The last value counts. */
  readonly duplicates: readonly string[];
}

/** Reads one document. Throws for what is no YAML, and for what is nested too deeply. */
export function parseYamlText(text: string): ParsedYaml {
  if (mayNestDeeper(text, MAX_DEPTH)) throw tooDeep();
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter, prettyErrors: true, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1;
    throw new Error(`yaml: line ${line}: ${error.message.split(/ at line |\n/, 1)[0] ?? ''}`);
  }
  const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  if (isDeeper(value, MAX_DEPTH)) throw tooDeep();
  return { value, duplicates: duplicateKeys(document, lineCounter) };
}

function tooDeep(): Error {
  return new Error(`yaml: exceeded max depth of ${MAX_DEPTH}`);
}

function duplicateKeys(document: Document, lines: LineCounter): readonly string[] {
  const duplicates: string[] = [];
  visit(document, {
    Map(_, map) {
      const names = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (names.has(key.value)) {
          const { line } = lines.linePos(key.range?.[0] ?? 0);
          duplicates.push(`line ${line}: key ${JSON.stringify(String(key.value))} already set in map`);
        }
        names.add(key.value);
      }
    },
  });
  return duplicates;
}

/** JSON as YAML, with keys in order. */
export function yamlText(value: unknown): string {
  return stringify(value, {
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}
