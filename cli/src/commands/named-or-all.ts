import { EpinioError } from '@epinio/core';
import { flagOption, type Options } from '../command.ts';

/** True when `--all` was given; fails with `USAGE_WRONG` unless there are either names or `--all`. */
export function wantsAll(kind: string, names: readonly string[], options: Options): boolean {
  const all = flagOption(options, 'all');
  if (all && names.length > 0) {
    throw new EpinioError('USAGE_WRONG', `Conflict between --all and named ${kind}`, {
      fix: 'give one of the two',
    });
  }
  if (!all && names.length === 0) {
    throw new EpinioError('USAGE_WRONG', `No ${kind} specified for deletion`, {
      fix: 'name them, or give --all',
    });
  }
  return all;
}
