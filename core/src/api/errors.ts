import { problemsOf } from '../apps/published-errors.ts';
import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';
import type { ApiErrorEntry, ErrorResponse, ProblemDetails } from '../models/errors.ts';
import type { ApiContext } from './context.ts';

const PROBLEM = 'application/problem+json';
const JSON_TYPE = 'application/json; charset=utf-8';

/** One error as an entry of the published envelope: what happened is the title; facts and what to do are the details. */
function entryOf(error: EpinioError): ApiErrorEntry {
  const details = [...error.details, ...(error.fix === undefined ? [] : [error.fix])].join('\n');
  return { status: statusOf(error), title: error.message, ...(details === '' ? {} : { details }) };
}

/** The cluster's answers are not the API's: a conflict there is an internal error here, as published. */
function statusOf({ code, status }: EpinioError): number {
  if (code === 'KUBE_UNREACHABLE') return 503;
  return code.startsWith('KUBE_') ? 500 : status;
}

/** An error that is not ours has a text that says nothing to clients, or too much: it is logged, and named by the request. */
function presentable(error: unknown, requestId: string): EpinioError {
  if (isEpinioError(error)) return error;
  return new EpinioError('INTERNAL', `something bad happened [request ID: ${requestId}]`, {
    status: 500,
    cause: error,
  });
}

/** The answer to a request that failed: the published envelope, or RFC 9457 for clients that ask for it. */
export function errorResponse(c: ApiContext, thrown: unknown): Response {
  const requestId = c.get('requestId');
  const error = presentable(thrown, requestId);
  const errors = problemsOf(error).map(entryOf);
  const status = errors[0]?.status ?? 500;
  if (status >= 500) report(c, error, thrown);
  if (c.req.header('accept')?.includes(PROBLEM) === true) {
    return reply(c, status, PROBLEM, problem(error, status, requestId, errors));
  }
  return reply(c, status, JSON_TYPE, { errors } satisfies ErrorResponse);
}

function problem(
  error: EpinioError,
  status: number,
  requestId: string,
  errors: ApiErrorEntry[],
): ProblemDetails {
  return {
    type: 'about:blank',
    title: error.message,
    status,
    ...(error.details.length === 0 ? {} : { detail: error.details.join('\n') }),
    instance: requestId,
    code: error.code,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    errors,
  };
}

function report(c: ApiContext, error: EpinioError, thrown: unknown): void {
  const stack = isEpinioError(thrown) ? {} : { stack: thrown instanceof Error ? thrown.stack : undefined };
  const cause = error.cause === undefined ? {} : { cause: messageOf(error.cause) };
  c.get('log').error('Request failed', { code: error.code, error: error.message, ...cause, ...stack });
}

function reply(c: ApiContext, status: number, type: string, body: object): Response {
  return c.body(JSON.stringify(body), status as 500, { 'content-type': type });
}

/** A JSON answer, with the published content type. */
export function json(c: ApiContext, body: unknown, status: number): Response {
  return c.body(JSON.stringify(body), status as 200, { 'content-type': JSON_TYPE });
}

/** Published so: a request body that cannot be read is answered with the envelope under this type. */
export function badBody(c: ApiContext, title: string, details: string | undefined): Response {
  const body: ErrorResponse = {
    errors: [{ status: 400, title, ...(details === undefined ? {} : { details }) }],
  };
  return reply(c, 400, 'text/plain; charset=utf-8', body);
}
