// Makes the packages ready to be packed: built, with the declarations of what others import beside the JavaScript.
// Declarations take the compiler a while, so nothing else waits for them; what is up to date is left as it is.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { entrySources, libraries, root } from './workspace.ts';

const SPECIFIER = /((?:from|import)\s*\(?\s*['"])(\.[^'"]*)\.ts(['"])/g;

/** `core/src/kernel/token.ts` becomes `core/dist/kernel/token.d.ts`. */
function declarationOf(source: string): string {
  const folder = libraries().find((library) => source.startsWith(join(library, 'src')));
  if (folder === undefined) throw new Error(`"${source}" is in none of the packages`);
  return join(folder, 'dist', relative(join(folder, 'src'), source).replace(/(\.d)?\.ts$/, '.d.ts'));
}

function compilerOptions(): ts.CompilerOptions {
  const file = join(root, 'tsconfig.json');
  const parsed = ts.parseJsonConfigFileContent(
    ts.readConfigFile(file, ts.sys.readFile.bind(ts.sys)).config,
    ts.sys,
    root,
  );
  return { ...parsed.options, noEmit: false, declaration: true, emitDeclarationOnly: true };
}

/** The declarations of all modules that the entries lead to, by where they go. */
function declarations(entries: readonly string[]): Map<string, string> {
  const program = ts.createProgram(entries, compilerOptions());
  const texts = new Map<string, string>();
  const { diagnostics } = program.emit(undefined, (_file, text, _mark, _onError, sources) => {
    const [source] = sources ?? [];
    if (source !== undefined) texts.set(declarationOf(source.fileName), text);
  });
  if (diagnostics.length > 0) {
    const host = { getCanonicalFileName: String, getCurrentDirectory: () => root, getNewLine: () => '\n' };
    throw new Error(ts.formatDiagnostics(diagnostics, host));
  }
  return texts;
}

/** Writes a declaration and those that it leads to: what stays inside of a package is not declared. */
function write(file: string, texts: Map<string, string>): void {
  const text = texts.get(file);
  if (text === undefined) return;
  texts.delete(file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text.replace(SPECIFIER, '$1$2.js$3'));
  for (const [, , path = ''] of text.matchAll(SPECIFIER))
    write(resolve(dirname(file), `${path}.d.ts`), texts);
}

/** When the newest of the sources was changed. */
function sourcesChangedAt(): number {
  const files = [...libraries(), join(root, 'cli')].flatMap((folder) =>
    readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true }),
  );
  const times = files
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(...times);
}

function isNewer(files: readonly string[], time: number): boolean {
  return files.every((file) => existsSync(file) && statSync(file).mtimeMs > time);
}

const changedAt = sourcesChangedAt();
const entries = libraries().flatMap((folder) => entrySources(folder).map((source) => join(folder, source)));
const targets = entries.map(declarationOf);
const scripts = [
  ...targets.map((file) => file.replace(/\.d\.ts$/, '.js')),
  join(root, 'cli', 'dist', 'bin.cjs'),
];

if (!isNewer(scripts, changedAt)) await import('./build.ts');
if (!isNewer(targets, changedAt)) {
  const texts = declarations(entries);
  for (const target of targets) write(target, texts);
}
