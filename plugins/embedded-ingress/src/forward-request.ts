import type { Clock, Log } from '@epinio/core';
import type { Backend } from './backend.ts';
import type { Endpoint } from './endpoint.ts';
import { type ErrorPage, sendErrorPage } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { codeOf, failurePage } from './failure.ts';
import type { TrustsPeer } from './forwarded-headers.ts';
import { requestHeaders } from './message-headers.ts';
import { RequestBody } from './request-body.ts';
import { sendRequest } from './send-request.ts';
import type { ConnectUpstream } from './upstream-client.ts';

export interface ForwardOptions {
  readonly trusts: TrustsPeer;
  readonly responseTimeoutMs: number;
  /** How long a request waits for an instance that takes its connection. */
  readonly retryMs: number;
  /** How long a client may be silent in the middle of its request. */
  readonly bodyIdleMs: number;
}

export interface ForwardDeps extends ForwardOptions {
  readonly upstream: () => Promise<ConnectUpstream>;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the proxy stops for good. */
  readonly signal: AbortSignal;
}

/** Methods whose repetition has the same effect (RFC 9110, 9.2.2): only these are sent twice. */
const IDEMPOTENT = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
]);
/** Bodies up to this size are kept, so that the request can be sent again. */
const REPLAY_BYTES = 64 * 1024;
/** More would let one request that crashes its application take all instances with it. */
const MAX_RESENDS = 2;
/** An application that had an instance so recently is being restarted, and worth waiting for. */
const RESTART_MS = 10_000;
const PAUSE_MS = { first: 20, longest: 250 };

/**
 * Has a request answered by an application. Where no connection came about, nothing was sent, and any request
 * goes to the next instance or waits for one; a connection that broke before the answer began is made good
 * once or twice for requests that may be repeated.
 * @returns the status of an error page, when that was the answer
 */
export async function forwardRequest(
  exchange: Exchange,
  backend: Backend,
  application: string,
  deps: ForwardDeps,
): Promise<number | undefined> {
  const connect = await deps.upstream();
  const isTrusted = deps.trusts(exchange.remoteAddress);
  const headers = requestHeaders(exchange.headers, exchange, isTrusted);
  const isIdempotent = IDEMPOTENT.has(exchange.method);
  const body =
    exchange.body &&
    new RequestBody(exchange.body, {
      replayBytes: isIdempotent ? REPLAY_BYTES : 0,
      idleTimeoutMs: deps.bodyIdleMs,
    });
  const giveUpAt = deps.clock.now() + deps.retryMs;
  const tried = new Set<Endpoint>();
  let resends = 0;
  let pause = PAUSE_MS.first;
  let lastError: Error | undefined;

  const fail = (page: ErrorPage): number => {
    sendErrorPage(exchange, page);
    return page.status;
  };
  try {
    while (!exchange.isGone) {
      const endpoint = backend.pick(tried);
      if (endpoint === undefined) {
        const left = giveUpAt - deps.clock.now();
        const mayComeBack = backend.wasReadyWithin(RESTART_MS) && left > 0;
        if (!mayComeBack || !(await backend.changed(Math.min(pause, left), deps.signal))) {
          return fail(
            lastError === undefined || backend.size === 0
              ? unavailable(application, backend.problem)
              : failurePage(application, lastError, deps.responseTimeoutMs),
          );
        }
        pause = Math.min(pause * 2, PAUSE_MS.longest);
        tried.clear();
        continue;
      }
      const outcome = await sendRequest(exchange, endpoint, connect, headers, body);
      if (outcome.result === 'over') return undefined;
      lastError = outcome.error;
      const { wasSent } = outcome;
      deps.log.debug('Instance did not answer', {
        application,
        endpoint: endpoint.address,
        wasSent,
        error: lastError.message,
      });
      if (!wasSent) endpoint.suspect(deps.clock.now());
      const mayRepeat = wasSent
        ? isIdempotent && (body?.canReplay ?? true) && isReset(lastError) && resends++ < MAX_RESENDS
        : isConnectFailure(lastError);
      if (!mayRepeat) return fail(failurePage(application, lastError, deps.responseTimeoutMs));
      tried.add(endpoint);
    }
    return undefined;
  } finally {
    body?.close();
  }
}

/** The page for an application without an instance. */
export function unavailable(application: string, problem: string | undefined): ErrorPage {
  return {
    status: 503,
    title: `Application "${application}" cannot answer: ${problem ?? 'its instances are being replaced'}`,
    fix: `Look at it: epinio app show ${application}; epinio app logs ${application}`,
    headers: ['Retry-After', '5'],
  };
}

function isReset(error: Error): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(codeOf(error));
}

/** Not a request that is itself the fault, which no other instance would take either. */
function isConnectFailure(error: Error): boolean {
  return !['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'REQUEST_TIMEOUT'].includes(codeOf(error));
}
