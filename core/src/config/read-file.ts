import { readFile } from 'node:fs/promises';
import { basename, extname, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problem.ts';
import { isPlainObject, locate, partAt, type Located } from './located.ts';
import { parseYaml } from './parse-yaml.ts';

/** What a source said, and what was wrong with how it said it. */
export interface Read {
  readonly located?: Located;
  readonly problems: readonly Problem[];
}

const CODE = new Set(['.js', '.mjs']);
const DATA = new Set(['.yaml', '.yml', '.json', '']);

/**
 * Reads a config file, YAML or JSON, with the place of each value. A file that is code is run, and only
 * when `named`: asked for by name.
 */
export async function readConfigFile(
  file: string,
  options: { readonly cwd: string; readonly named: boolean },
): Promise<Read> {
  const shown = shownPath(file, options.cwd);
  const extension = extname(file);
  if (CODE.has(extension) && options.named) return runConfigFile(file, shown);
  if (!DATA.has(extension) && !basename(file).startsWith('.')) {
    return problem('CONFIG_FORMAT_UNKNOWN', `Config file "${shown}" is of no known kind`, {
      fix: 'use .yaml, .yml, .json, .js or .mjs',
    });
  }
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return problem('CONFIG_FILE_UNREADABLE', `Config file "${shown}" cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const read = parseYaml(text, shown);
  if (basename(file) !== 'package.json') return read;
  const part = partAt(read.located, ['epinio']);
  return part === undefined ? read : { located: part, problems: read.problems };
}

async function runConfigFile(file: string, shown: string): Promise<Read> {
  let exported: unknown;
  try {
    ({ default: exported } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown });
  } catch (error) {
    return problem('CONFIG_FILE_FAILED', `Config file "${shown}" failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (isPlainObject(exported))
    return { located: locate(exported, { kind: 'file', file: shown }), problems: [] };
  return problem('CONFIG_FILE_FAILED', `Config file "${shown}" has no object as its default export`, {
    fix: 'write: export default { api: "epinio/v1", … }',
  });
}

/** Relative to the current folder when it is inside it. */
export function shownPath(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === '' || path.startsWith('..') ? file : path;
}

function problem(code: string, message: string, more: Pick<Problem, 'fix' | 'cause'>): Read {
  return { problems: [{ code, message, ...more }] };
}
