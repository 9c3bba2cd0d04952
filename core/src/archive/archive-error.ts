import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';

/** A name as messages show it: in double quotes, control characters escaped, never a screenful. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

/** An entry that would write or point outside the folder, or be more than a file, folder or link. */
export function unsafe(entry: string, reason: string): EpinioError {
  return new EpinioError('ARCHIVE_UNSAFE', `Archive entry ${quote(entry)} ${reason}`, {
    fix: 'Make the archive anew from within the source folder, with relative names, and without this entry',
  });
}

/** A broken archive; `entry` is absent when the archive as a whole is. */
export function invalid(reason: string, entry?: string, cause?: unknown): EpinioError {
  const subject = entry === undefined ? 'Archive' : `Archive entry ${quote(entry)}`;
  return new EpinioError('ARCHIVE_INVALID', `${subject} ${reason}`, {
    fix: 'Make the archive anew (tar, tar.gz or zip) and send it whole',
    cause,
  });
}

/** A sound archive of a kind that cannot be read here. */
export function unsupported(reason: string, fix: string, cause?: unknown): EpinioError {
  return new EpinioError('ARCHIVE_UNSUPPORTED', `Archive ${reason}`, { fix, cause, status: 415 });
}

/** Errors of the disk as a person can act on them; anything else is returned as it is. */
export function diskError(error: unknown, path: string): unknown {
  if (isEpinioError(error) || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new EpinioError('DISK_FULL', `No space is left on the disk for ${quote(path)}`, {
        fix: 'Free some space, then try again',
        fault: 'system',
        status: 507,
        cause: error,
      });
    case 'ENAMETOOLONG':
      return invalid('has a name that is too long for the file system', path, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new EpinioError('DISK_DENIED', `${quote(path)} cannot be written: ${messageOf(error)}`, {
        fix: 'Allow this user to write to the folder',
        fault: 'system',
        cause: error,
      });
    default:
      return error;
  }
}
