import { badRequest } from '../apps/published-errors.ts';
import type { EpinioError } from '../kernel/errors.ts';
import { type ContainerFilter, containerFilter } from './container-filter.ts';
import { parseGoDuration } from './go-duration.ts';

/** Which lines of a log are wanted. */
export interface LogParameters {
  readonly follow: boolean;
  /** Per container, from the end. */
  readonly tailLines: number;
  readonly sinceSeconds?: number;
  /** RFC 3339; counts before `sinceSeconds`. */
  readonly sinceTime?: string;
  readonly wants: ContainerFilter;
}

/** The raw texts, as the query or a `filter_params` message has them. */
export interface LogQuery {
  readonly follow?: string | undefined;
  readonly tail?: string | undefined;
  readonly since?: string | undefined;
  readonly since_time?: string | undefined;
  readonly include_containers?: string | undefined;
  readonly exclude_containers?: string | undefined;
}

const MAX_TAIL = 100_000;
const DEFAULT_SINCE_SECONDS = 48 * 3600;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Fails with the published 400s. `sidecars` are left out where no container is asked for by name. */
export function parseLogParameters(query: LogQuery, sidecars: readonly string[] = []): LogParameters {
  const { follow, tail = '', since = '', since_time: time = '' } = query;
  const tailLines = tail === '' ? MAX_TAIL : parseTail(tail);
  const sinceMs = since === '' ? undefined : parseSince(since);
  if (time !== '' && (!RFC3339.test(time) || Number.isNaN(Date.parse(time)))) {
    throw invalid(`invalid since_time parameter: ${time} (must be RFC3339 format)`);
  }
  return {
    follow: follow === 'true',
    tailLines,
    // Kubernetes counts whole seconds from one on.
    ...(time !== ''
      ? { sinceTime: time }
      : {
          sinceSeconds:
            sinceMs === undefined ? DEFAULT_SINCE_SECONDS : Math.max(1, Math.ceil(sinceMs / 1000)),
        }),
    wants: containerFilter(query.include_containers, query.exclude_containers, sidecars),
  };
}

function parseTail(text: string): number {
  if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw invalid(`invalid tail parameter: ${text}`);
  const lines = Number(text);
  if (lines < 0) throw invalid(`tail parameter must be non-negative, got: ${lines}`);
  if (lines > MAX_TAIL) throw invalid(`tail parameter exceeds maximum of ${MAX_TAIL} lines, got: ${lines}`);
  return lines;
}

function parseSince(text: string): number {
  const ms = parseGoDuration(text);
  if (ms === undefined) throw invalid(`invalid since parameter: ${text}`);
  if (ms < 0) throw invalid(`since parameter must be non-negative, got: ${text}`);
  return ms;
}

function invalid(title: string): EpinioError {
  return badRequest('LOG_PARAMETER_INVALID', title);
}
