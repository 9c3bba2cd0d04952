import { parseDocument, stringify, type DocumentOptions, type SchemaOptions, type Tags } from 'yaml';

/** How often one document may repeat what it names: more is a bomb. */
const MAX_ALIASES = 100;
/** Tags of YAML 1.1 that JSON cannot say, and what Kubernetes leaves as text. */
const LEFT_AS_TEXT = ['timestamp', 'binary', 'omap', 'pairs', 'set'];

/** The YAML that Kubernetes reads: 1.1 with `yes` and `off`, octal numbers and merge keys, but with times as text. */
const OPTIONS = {
  version: '1.1',
  schema: 'yaml-1.1',
  customTags: (tags: Tags): Tags =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' ||
        (!LEFT_AS_TEXT.includes(tag.tag.replace('tag:yaml.org,2002:', '')) &&
          !('format' in tag && tag.format === 'TIME')),
    ),
} as const satisfies DocumentOptions & SchemaOptions;

export interface ParsedYaml {
  readonly value: unknown;
  /** Keys that a map has twice, each with its line. The last value counts. */
  readonly duplicates: readonly string[];
}

/** Reads one document. Throws for what is no YAML. */
export function parseYamlText(text: string): ParsedYaml {
  const document = parseDocument(text, { ...OPTIONS, prettyErrors: true, logLevel: 'silent' });
  const duplicates: string[] = [];
  for (const error of document.errors) {
    if (error.code !== 'DUPLICATE_KEY') {
      const line = error.linePos?.[0].line ?? 1;
      throw new Error(`yaml: line ${line}: ${error.message.split(/ at line |\n/, 1)[0] ?? ''}`);
    }
    const key = /^["']?([^"':\s]*)/.exec(text.slice(error.pos[0]))?.[1] ?? '';
    duplicates.push(`line ${error.linePos?.[0].line ?? 1}: key ${JSON.stringify(key)} already set in map`);
  }
  return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, duplicates };
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
