import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';

/** A file that is made from an object: by its path in the folder. */
export interface ProjectedFile {
  readonly content: Buffer;
  readonly mode: number;
}

const DATA = '..data';

/** More than a file that is read again may have. */
const MAX_PRESENT = 64 * 1024;

/** What a file of such a folder holds; empty when there is none. Whoever may write there cannot make this process wait. */
export function presentFile(folder: string, path: string): string {
  const current = currentData(folder);
  if (current === undefined) return '';
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number;
  try {
    descriptor = openSync(join(folder, current, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return ''; // not there, or a link
  }
  try {
    const stats = fstatSync(descriptor);
    return stats.isFile() && stats.size <= MAX_PRESENT ? readFileSync(descriptor, 'utf8') : '';
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes a folder hold exactly these files, all at once: they are in a hidden folder that `..data` points to, and
 * the names are links into it, as the kubelet does it, so that a reader never sees half of a change.
 * @returns false when nothing changed.
 */
export function projectFiles(
  folder: string,
  files: ReadonlyMap<string, ProjectedFile>,
  uid: number | undefined,
): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const current = currentData(folder);
  if (current !== undefined && isSame(join(folder, current), files)) return false;
  const next = `..${randomUUID()}`;
  const own = (path: string): void => {
    if (uid !== undefined) chownSync(path, uid, uid);
  };
  own(folder);
  mkdirSync(join(folder, next), { mode: 0o755 });
  own(join(folder, next));
  for (const [path, { content, mode }] of files) {
    const target = join(folder, next, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    // Never readable for others, not even for a moment; without a user of its own, only this process needs it.
    writeFileSync(target, content, { mode: mode & 0o700 });
    own(target);
  }
  symlinkSync(next, join(folder, `${DATA}.tmp`));
  renameSync(join(folder, `${DATA}.tmp`), join(folder, DATA));
  linkNames(folder, new Set([...files.keys()].map((path) => path.split('/')[0] ?? path)));
  if (current !== undefined) rmSync(join(folder, current), { recursive: true, force: true });
  return true;
}

function currentData(folder: string): string | undefined {
  rmSync(join(folder, `${DATA}.tmp`), { force: true }); // of a write that was cut off
  const data = join(folder, DATA);
  return lstatSync(data, { throwIfNoEntry: false }) === undefined ? undefined : readlinkSync(data);
}

function isSame(folder: string, files: ReadonlyMap<string, ProjectedFile>): boolean {
  if (!existsSync(folder)) return false;
  const present = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  if (present.length !== files.size) return false;
  for (const [path, { content }] of files) {
    const target = join(folder, path);
    if (!existsSync(target) || !readFileSync(target).equals(content)) return false;
  }
  return true;
}

/** One link a name at the top; those of files that went are removed. */
function linkNames(folder: string, names: ReadonlySet<string>): void {
  for (const name of names) {
    if (lstatSync(join(folder, name), { throwIfNoEntry: false }) === undefined) {
      symlinkSync(join(DATA, name), join(folder, name));
    }
  }
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('..') && !names.has(name)) rmSync(join(folder, name), { force: true });
  }
}
