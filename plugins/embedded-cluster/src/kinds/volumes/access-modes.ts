import { notSupported, required, type FieldError } from '../../schema/field-error.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Findings in the access modes of a claim or volume; `path` is that of its spec. */
export function accessModeErrors(modes: unknown, path = 'spec'): FieldError[] {
  const given: readonly unknown[] = Array.isArray(modes) ? modes : [];
  if (given.length === 0) return [required(`${path}.accessModes`, 'at least 1 access mode is required')];
  return given
    .filter((mode) => !ACCESS_MODES.includes(String(mode)))
    .map((mode) => notSupported(`${path}.accessModes`, mode, ACCESS_MODES));
}
