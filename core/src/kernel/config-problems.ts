import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { Problem } from './problem.ts';
import { schemaAt, structures } from './schema-structure.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Where the value at a path was written, or its key; undefined when nobody knows. */
export type Locate = (path: Path, part?: 'key' | 'value') => string | undefined;

/** How a schema's issues are told to a person. */
export interface ConfigContext {
  /** Put before every path: ["components", "ingress", "with"]. */
  readonly prefix?: Path;
  readonly locate?: Locate;
}

/**
 * Checks a value and tells what is wrong with it, in the words of the config file. Values are never
 * repeated: they may be secrets. Works on the schemas of any copy of zod 4.
 */
export function checkConfig<S extends z.ZodType>(
  schema: S,
  value: unknown,
  context: ConfigContext = {},
): { readonly config?: z.output<S>; readonly problems: readonly Problem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { config: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => issueProblems(schema, value, issue, context));
  return { problems };
}

function issueProblems(schema: z.ZodType, value: unknown, issue: Issue, context: ConfigContext): Problem[] {
  const path = [...(context.prefix ?? []), ...issue.path];
  const problem = (at: Path, message: string, fix?: string, part?: 'key'): Problem => {
    const origin = context.locate?.(at, part);
    return {
      code: 'CONFIG_INVALID',
      message,
      ...(fix === undefined ? {} : { fix }),
      ...(origin === undefined ? {} : { origin }),
    };
  };
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) =>
      problem([...path, key], `Unknown key "${key}" in ${place(path)}`, suggestion(key, known), 'key'),
    );
  }
  if (issue.code === 'invalid_union') {
    const branch = nearestBranch(issue.errors);
    if (branch !== undefined) {
      const inner = { ...context, prefix: path };
      const part = schemaAt(schema, issue.path);
      return branch.flatMap((error) => issueProblems(part ?? schema, at(value, issue.path), error, inner));
    }
    return [
      problem(
        path,
        `${name(path)} must be ${alternatives(issue.errors)}, but is ${typeName(at(value, issue.path))}`,
      ),
    ];
  }
  if (issue.code === 'invalid_type') {
    const given = at(value, issue.path);
    if (given === undefined) {
      const meaning = schemaAt(schema, issue.path)?.meta()?.description;
      return [
        problem(path, `${name(path)} is missing`, meaning === undefined ? undefined : `it is: ${meaning}`),
      ];
    }
    return [problem(path, `${name(path)} must be ${article(issue.expected)}, but is ${typeName(given)}`)];
  }
  if (issue.code === 'invalid_value') {
    const given = at(value, issue.path);
    const values = issue.values.map(String);
    const choices = values.length === 1 ? `"${values[0] ?? ''}"` : `one of ${list(values)}`;
    if (given === undefined) return [problem(path, `${name(path)} is missing`, `it must be ${choices}`)];
    const near = typeof given === 'string' && values.length > 1 ? nearest(given, values) : undefined;
    return [problem(path, `${name(path)} must be ${choices}`, near)];
  }
  const text = issue.message.replace(/^Invalid (input|string): /, '').replace(/\.$/, '');
  return [problem(path, `${name(path)} is not valid: ${text}`)];
}

/** Of a union's branches, the one that the value was meant for: its own type fits, only its inside is wrong. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches.filter((issues) =>
    issues.every(
      (issue) => issue.path.length > 0 || (issue.code !== 'invalid_type' && issue.code !== 'invalid_value'),
    ),
  );
  return meant.toSorted((a, b) => a.length - b.length)[0];
}

function alternatives(branches: readonly (readonly Issue[])[]): string {
  const names = branches.flatMap((issues) =>
    issues.flatMap((issue) => {
      if (issue.code === 'invalid_type') return [article(issue.expected)];
      return issue.code === 'invalid_value' ? issue.values.map((value) => JSON.stringify(value)) : [];
    }),
  );
  return [...new Set(names)].join(' or ') || 'something else';
}

/** A fix that names the nearest of the known words, or all of them when none is near. */
export function suggestion(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  return nearest(word, known) ?? `known are ${list(known)}`;
}

function nearest(word: string, known: readonly string[]): string | undefined {
  const folded = fold(word);
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(folded, fold(candidate)) }))
    .toSorted((a, b) => a.far - b.far);
  const [best] = ranked;
  // Two letters changed places, or a third of them wrong, is a slip of the fingers; more is another word.
  return best !== undefined && best.far <= Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3))
    ? `did you mean "${best.candidate}"?`
    : undefined;
}

/** Case, dashes and underscores are the most common slips: "load-balancer-ip" is "loadBalancerIP". */
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}

function knownKeys(schema: z.ZodType, path: Path): string[] {
  const found = schemaAt(schema, path);
  if (found === undefined) return [];
  return structures(found).flatMap((def) => ('shape' in def ? Object.keys(def.shape) : []));
}

function at(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

function typeName(value: unknown): string {
  if (value === null) return 'empty';
  return article(Array.isArray(value) ? 'array' : typeof value);
}

const ARTICLES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object',
  record: 'an object',
  int: 'a whole number',
  null: 'empty',
  undefined: 'missing',
};

function article(type: string): string {
  return ARTICLES[type] ?? `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** A path as it is written in documentation: components.brokers[0].with. */
export function pathText(path: Path): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

function name(path: Path): string {
  return path.length === 0 ? 'The configuration' : `"${pathText(path)}"`;
}

function place(path: Path): string {
  return path.length === 0 ? 'the configuration' : `"${pathText(path)}"`;
}

function list(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ');
}
