import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { EpinioError, messageOf } from '../kernel/errors.ts';
import type { DataDirectory } from '../ports/data-directory.ts';
import { hasErrno } from './errno.ts';

/** The layout of the files below a data folder; one more whenever an older epinio could misread them. */
const LAYOUT = 1;
const LAYOUT_FILE = 'platform.json';
const OWNER = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const PRIVATE = 0o700;

/**
 * The data folder at an absolute path, made with mode 0700 if it is not there. Fails with
 * `DATA_DIRECTORY_DENIED` when it cannot be written, `DATA_DIRECTORY_NEWER` when a newer epinio made it,
 * `DATA_DIRECTORY_INVALID` when the path is none or its layout cannot be read.
 */
export function createDataDirectory(root: string): DataDirectory {
  if (!isAbsolute(root)) throw invalid(root, 'is not an absolute path');
  makePrivate(root);
  checkLayout(root);
  return {
    path(owner) {
      if (!OWNER.test(owner)) throw invalid(root, `has no place for "${owner}": an owner is a plugin id`);
      const folder = join(root, owner);
      attempt(folder, () => makeFolder(folder));
      return folder;
    },
  };
}

function makePrivate(root: string): void {
  attempt(root, () => {
    makeFolder(root);
    const { mode, uid } = statSync(root);
    // Keys and passwords of applications are below: nobody else may look in.
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(root, PRIVATE);
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
  });
}

/** Step by step: Node's own recursive mkdir never returns below /proc, where a folder cannot be made. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: PRIVATE });
  } catch (error) {
    // Another process was faster.
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
}

function checkLayout(root: string): void {
  const file = join(root, LAYOUT_FILE);
  const layout = readLayout(root, file);
  if (layout === undefined) {
    const draft = `${file}.${process.pid}`;
    attempt(root, () => {
      writeFileSync(draft, `${JSON.stringify({ layout: LAYOUT })}\n`, { mode: 0o600, flush: true });
      renameSync(draft, file);
    });
  } else if (layout > LAYOUT) {
    throw new EpinioError(
      'DATA_DIRECTORY_NEWER',
      `The data folder "${root}" was made by a newer epinio (layout ${layout}, this one knows ${LAYOUT})`,
      {
        fix: 'Update epinio, or choose another folder with --data-dir',
      },
    );
  }
}

/** @returns undefined in a folder that is new. */
function readLayout(root: string, file: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw denied(root, error);
  }
  try {
    const { layout } = JSON.parse(text) as { readonly layout?: unknown };
    if (typeof layout === 'number') return layout;
  } catch (cause) {
    throw invalid(root, `has a "${LAYOUT_FILE}" that is no JSON`, cause);
  }
  throw invalid(root, `has a "${LAYOUT_FILE}" without a layout number`);
}

function attempt(folder: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw denied(folder, error);
  }
}

function denied(folder: string, cause: unknown): EpinioError {
  const isTaken = hasErrno(cause, 'EEXIST', 'ENOTDIR');
  const fact = isTaken
    ? 'is no folder'
    : hasErrno(cause, 'EACCES', 'EPERM')
      ? 'cannot be written by this user'
      : `cannot be used: ${messageOf(cause)}`;
  return new EpinioError('DATA_DIRECTORY_DENIED', `The data folder "${folder}" ${fact}`, {
    fix: isTaken
      ? 'Choose another with --data-dir'
      : `Choose another with --data-dir, or let this user write to it`,
    cause,
  });
}

function invalid(root: string, fact: string, cause?: unknown): EpinioError {
  return new EpinioError('DATA_DIRECTORY_INVALID', `The data folder "${root}" ${fact}`, {
    fix: 'Choose another with --data-dir',
    cause,
  });
}
