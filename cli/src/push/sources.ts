import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { EpinioError } from '@epinio/core';
import { pack } from '@epinio/core/archive';
import ignore, { type Ignore } from 'ignore';

/** Never uploaded: they may hold credentials, and no build needs them. */
const ALWAYS_EXCLUDED = ['.git', '.gitignore', '.gitmodules', '.gitconfig', '.git-credentials'];

/**
 * The sources as an archive: a folder becomes a tar without what `.epinioignore` (else `.gitignore`) and the
 * manifest exclude; a file is sent as it is. Fails before anything is sent when there is nothing to send.
 */
export async function openSources(
  path: string,
  patterns: readonly string[],
  options: { readonly signal: AbortSignal; readonly onWarning: (text: string) => void },
): Promise<Readable> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new EpinioError('SOURCE_MISSING', `The source "${path}" does not exist`, {
      cause,
      fix: 'give a folder or an archive with --path',
    });
  });
  if (info.isFile()) return createReadStream(path);
  if (!info.isDirectory()) {
    throw new EpinioError('SOURCE_MISSING', `The source "${path}" is neither a folder nor a file`, {
      fix: 'give a folder or an archive with --path',
    });
  }
  const rules = await ignoreRules(path, patterns);
  const include = (entry: string, isDirectory: boolean): boolean =>
    !rules.ignores(isDirectory ? `${entry}/` : entry);
  if (!(await hasFile(path, '', include))) {
    throw new EpinioError('SOURCE_EMPTY', `The source folder "${path}" has no files to push`, {
      fix: 'push another folder with --path, or check .epinioignore and .gitignore',
    });
  }
  return pack(path, { include, ...options });
}

async function ignoreRules(path: string, patterns: readonly string[]): Promise<Ignore> {
  const own =
    (await readIfThere(join(path, '.epinioignore'))) ?? (await readIfThere(join(path, '.gitignore'))) ?? '';
  return ignore()
    .add(own)
    .add([...patterns])
    .add([...ALWAYS_EXCLUDED]);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new EpinioError('SOURCE_UNREADABLE', `"${file}" cannot be read`, { cause });
  }
}

async function hasFile(
  root: string,
  below: string,
  include: (entry: string, isDirectory: boolean) => boolean,
): Promise<boolean> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const names = entries.map((entry) => ({
    entry,
    name: below === '' ? entry.name : `${below}/${entry.name}`,
  }));
  if (names.some(({ entry, name }) => (entry.isFile() || entry.isSymbolicLink()) && include(name, false)))
    return true;
  for (const { entry, name } of names) {
    if (entry.isDirectory() && include(name, true) && (await hasFile(root, name, include))) return true;
  }
  return false;
}
