import { badRequest } from '../apps/published-errors.ts';
import { messageOf } from '../kernel/errors.ts';

/** Says whether the lines of a container are wanted. */
export type ContainerFilter = (container: string) => boolean;

const EXPRESSION = /[.*+?^$|[\]{}()\\]/;
const MAX_PATTERN = 1_000;

/**
 * Reads the two published parameters: comma lists of names, or regular expressions where they hold such characters. Both
 * match anywhere in a name. Without an `include`, the `sidecars` that a mesh puts beside an application are left out.
 * Fails with the published 400s.
 */
export function containerFilter(
  include = '',
  exclude = '',
  sidecars: readonly string[] = [],
): ContainerFilter {
  const wanted = patterns(include);
  if (include !== '' && wanted.length === 0) {
    throw badRequest(
      'LOG_PARAMETER_INVALID',
      'include_containers parameter contains no valid container names',
    );
  }
  const unwanted = [...(wanted.length === 0 ? patterns(sidecars.join(',')) : []), ...patterns(exclude)];
  const included = compile('include_containers', wanted);
  const excluded = compile('exclude_containers', unwanted);
  return (container) => included?.test(container) !== false && excluded?.test(container) !== true;
}

function patterns(list: string): string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => (EXPRESSION.test(entry) ? entry : entry.replace(/[/-]/g, '\\$&')));
}

function compile(parameter: string, alternatives: readonly string[]): RegExp | undefined {
  if (alternatives.length === 0) return undefined;
  const source = alternatives.join('|');
  if (source.length > MAX_PATTERN) {
    throw badRequest(
      'LOG_PARAMETER_INVALID',
      `invalid ${parameter} pattern: longer than ${MAX_PATTERN} characters`,
    );
  }
  try {
    return new RegExp(source);
  } catch (cause) {
    throw badRequest('LOG_PARAMETER_INVALID', `invalid ${parameter} pattern: ${messageOf(cause)}`, { cause });
  }
}
