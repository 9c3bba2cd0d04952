import { EpinioError } from '@epinio/core';

/** Reads `NAME=value` flags into a map; the value may be empty and may hold further equal signs. */
export function readAssignments(flag: string, assignments: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) {
      throw new EpinioError(
        'USAGE_WRONG',
        `Bad ${flag} assignment \`${assignment}\`, expected \`name=value\` as value`,
      );
    }
    values[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return values;
}
