import { EpinioError } from '../kernel/errors.ts';

const SEGMENT = /^[A-Za-z0-9._-]+$/;
const MAX_BYTES = 1024; // as S3

/** For every `Storage`: fails with `STORAGE_KEY_INVALID` for anything but a path of `[A-Za-z0-9._-]` segments. */
export function assertBlobKey(key: string): void {
  const isValid =
    key.length <= MAX_BYTES &&
    key.split('/').every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..');
  if (isValid) return;
  throw new EpinioError('STORAGE_KEY_INVALID', `${JSON.stringify(key.slice(0, 200))} is no key of a blob`, {
    fix: 'Use letters, digits, ".", "_" and "-", with "/" between segments, at most 1024 characters',
  });
}
