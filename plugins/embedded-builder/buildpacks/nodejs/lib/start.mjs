import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';

const DEFAULT_FILES = ['server', 'app', 'index', 'main'].flatMap((name) =>
  ['js', 'mjs', 'cjs'].map((ending) => `${name}.${ending}`),
);
/** Where build tools put a front end, the usual ones first. */
const OUTPUT_FOLDERS = ['dist', 'build', 'out', '_site', 'public', 'www'];
/** A script of these characters means the same without a shell. */
const SIMPLE = /^[A-Za-z0-9_@%+=:,./ \t-]+$/;

/**
 * How the application starts: the "start" script, "main", a file with a usual name, or a front end that the
 * build script made. npm is not started for it: it would stand between the platform's signals and the server.
 * @returns undefined when nothing says so
 */
export function startProcess({ app, manifest, staticServer }) {
  const { start, prestart } = manifest.scripts;
  if (typeof start === 'string' && start.trim() !== '') return scriptProcess(start.trim(), prestart);
  const main = typeof manifest.main === 'string' ? manifest.main : undefined;
  const file = [main, ...DEFAULT_FILES].find((name) => name !== undefined && existsSync(join(app, name)));
  if (file !== undefined) return { command: ['node', file], shown: `node ${file}` };
  if (staticServer === undefined) return undefined;
  const root = OUTPUT_FOLDERS.find((folder) => existsSync(join(app, folder, 'index.html')));
  if (root === undefined) {
    throw new Failure(
      `the build script made no index.html in ${OUTPUT_FOLDERS.join(', ')}, and there is no "start" script`,
    );
  }
  return { command: ['node', staticServer, join(app, root)], shown: `static files of ${root}/` };
}

function scriptProcess(start, prestart) {
  const shown = start;
  if (typeof prestart === 'string') return { command: ['sh', '-c', `${prestart} && ${start}`], shown };
  if (!SIMPLE.test(start)) return { command: ['sh', '-c', start], shown };
  const words = start.split(/\s+/);
  return { command: /^\w+=/.test(words[0]) ? ['env', ...words] : words, shown };
}
