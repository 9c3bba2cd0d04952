import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';
import { quote } from './archive-error.ts';

/** An error of reading a source folder, as a person can act on it. */
export function sourceError(error: unknown, path: string): unknown {
  if (isEpinioError(error) || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
      if (path.includes('\uFFFD'))
        return unreadable(path, 'has a name that is not UTF-8', 'Rename it', error);
      if (path.startsWith('/')) return notFound(path, error);
      return changed(path, error);
    case 'EACCES':
    case 'EPERM':
      return unreadable(
        path,
        'cannot be read by this user',
        'Allow this user to read it, or list it in .epinioignore',
        error,
      );
    default:
      return unreadable(
        path,
        `cannot be read: ${messageOf(error)}`,
        'Mend it, or list it in .epinioignore',
        error,
      );
  }
}

/** Something was written, replaced or removed while it was being read. */
export function changed(path: string, cause?: unknown): EpinioError {
  return new EpinioError('SOURCE_CHANGED', `${quote(path)} changed while it was being read`, {
    fix: 'Stop the program that writes to it and try again, or list it in .epinioignore',
    cause,
  });
}

function unreadable(path: string, fact: string, fix: string, cause: unknown): EpinioError {
  return new EpinioError('SOURCE_UNREADABLE', `${quote(path)} ${fact}`, { fix, cause });
}

function notFound(path: string, cause: unknown): EpinioError {
  return new EpinioError('SOURCE_NOT_FOUND', `There is no folder ${quote(path)}`, {
    fix: 'Name a folder that is there',
    cause,
  });
}
