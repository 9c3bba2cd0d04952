import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
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
import { readUntrusted } from '../files.ts';

/** A file that is made from an object: by its path in the folder. */
export interface ProjectedFile {
  readonly content: Buffer;
  readonly mode: number;
}

const DATA = '..data';

/** What a file of such a folder holds; empty when there is none. */
export function presentFile(folder: string, path: string): string {
  const current = currentData(folder);
  return current === undefined ? '' : (readUntrusted(join(folder, current, path)) ?? '');
}

/**
 * Makes a folder hold exactly these files, all at once: they are in a hidden folder that `..data` points to, and
 * the names are links into it, as the kubelet does it, so that a reader never sees half of a change.
 * A user other than this process's may read them, by its group, and change nothing: what it changed here, this
 * process would follow.
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
  const share = (path: string): void => {
    if (uid !== undefined) chownSync(path, process.getuid?.() ?? 0, uid);
  };
  share(folder);
  const folderMode = uid === undefined ? 0o755 : 0o750;
  if (uid !== undefined) chmodSync(folder, folderMode);
  mkdirSync(join(folder, next), { mode: folderMode });
  share(join(folder, next));
  for (const [path, { content, mode }] of files) {
    const target = join(folder, next, path);
    const made = mkdirSync(dirname(target), { recursive: true, mode: folderMode });
    for (let at = dirname(target); made !== undefined && at.startsWith(made); at = dirname(at)) share(at);
    // Never readable for others, not even for a moment; without a user of its own, only this process needs it.
    writeFileSync(target, content, { mode: mode & 0o700 });
    if (uid === undefined) continue;
    share(target);
    chmodSync(target, (mode & 0o700) | ((mode & 0o500) >> 3)); // the group is the pod alone
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
