import { lstatSync, readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { LifecycleError } from './lifecycle-error.ts';

/** A table of a TOML document. */
export type Table = Readonly<Record<string, unknown>>;

/**
 * Reads the values of one TOML document, and names the document in every complaint. Unknown keys are left
 * alone: the specification lets buildpacks add their own.
 */
export class TomlReader {
  readonly table: Table;
  readonly #file: string;
  readonly #path: string;
  readonly #exitCode: number;

  constructor(table: Table, file: string, exitCode: number, path = '') {
    this.table = table;
    this.#file = file;
    this.#exitCode = exitCode;
    this.#path = path;
  }

  string(key: string): string | undefined {
    return this.#typed(key, 'a string', (value) => typeof value === 'string');
  }

  requiredString(key: string): string {
    const value = this.string(key);
    if (value === undefined || value === '') throw this.#wrong(key, 'is missing');
    return value;
  }

  boolean(key: string): boolean {
    return this.#typed<boolean>(key, 'true or false', (value) => typeof value === 'boolean') ?? false;
  }

  strings(key: string): readonly string[] {
    const isList = (value: unknown): boolean =>
      Array.isArray(value) && value.every((item) => typeof item === 'string');
    return this.#typed<readonly string[]>(key, 'a list of strings', isList) ?? [];
  }

  child(key: string): TomlReader {
    const value = this.#typed<Table>(key, 'a table', isTable) ?? {};
    return new TomlReader(value, this.#file, this.#exitCode, this.#name(key));
  }

  children(key: string): readonly TomlReader[] {
    const isList = (value: unknown): boolean => Array.isArray(value) && value.every(isTable);
    const values = this.#typed<readonly Table[]>(key, 'a list of tables', isList) ?? [];
    return values.map(
      (value, index) => new TomlReader(value, this.#file, this.#exitCode, `${this.#name(key)}[${index}]`),
    );
  }

  #typed<T>(key: string, expected: string, test: (value: unknown) => boolean): T | undefined {
    const value = this.table[key];
    if (value === undefined) return undefined;
    if (!test(value)) throw this.#wrong(key, `is not ${expected}`);
    return value as T;
  }

  #name(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #wrong(key: string, problem: string): LifecycleError {
    return new LifecycleError(this.#exitCode, `Key "${this.#name(key)}" in "${this.#file}" ${problem}`);
  }
}

/** A link is refused: it may lead to what the one who made it cannot read. @returns undefined when there is no such file. */
export function readToml(file: string, exitCode: number): TomlReader | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new LifecycleError(exitCode, `"${file}" is no file`);
  const text = readFileSync(file, 'utf8');
  return new TomlReader(parseToml(text, file, exitCode), file, exitCode);
}

function parseToml(text: string, file: string, exitCode: number): Table {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0] ?? '';
    throw new LifecycleError(exitCode, `File "${file}" is not valid TOML: ${reason} (line ${error.line})`, {
      cause: error,
    });
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
