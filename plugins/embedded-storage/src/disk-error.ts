import { EpinioError, messageOf } from '@epinio/core';

/** What the disk said, as the operator can act on it. */
export function diskError(error: unknown, folder: string): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new EpinioError('STORAGE_FULL', `The disk of the storage folder "${folder}" is full`, {
        fix: 'Free some space on it, then push again',
        fault: 'system',
        status: 507,
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new EpinioError(
        'STORAGE_DENIED',
        `The storage folder "${folder}" cannot be used: ${messageOf(error)}`,
        {
          fix: 'Give it to the user who runs Epinio',
          fault: 'system',
          status: 500,
          cause: error,
        },
      );
    default:
      return error;
  }
}

/** The code of a system error; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
