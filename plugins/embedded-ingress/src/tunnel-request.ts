import type { Backend } from './backend.ts';
import type { Endpoint } from './endpoint.ts';
import type { ErrorPage } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { failurePage } from './failure.ts';
import { type ForwardDeps, unavailable } from './forward-request.ts';
import { requestHeaders } from './message-headers.ts';
import { openTunnel, type TunnelOutcome } from './open-tunnel.ts';

/** What an upgrade asks for, whether it came as HTTP/1.1 Upgrade or as HTTP/2 extended CONNECT. */
export interface Upgrade {
  /** "websocket", or any other protocol's name. */
  readonly protocol: string;
  /** Fields that the other side needs and the client did not send. */
  readonly extraHeaders: readonly string[];
}

/** The asking side of a tunnel. */
export type TunnelClient = Pick<
  Exchange,
  'method' | 'authority' | 'target' | 'headers' | 'remoteAddress' | 'isGone' | 'onGone'
>;

export type TunnelAnswer =
  | Exclude<TunnelOutcome, { readonly result: 'failed' }>
  | { readonly result: 'refused'; readonly page: ErrorPage }
  | { readonly result: 'gone' };

/** Opens a tunnel to an instance; tries the others when one does not take the connection. */
export async function tunnelRequest(
  exchange: TunnelClient,
  upgrade: Upgrade,
  backend: Backend,
  application: string,
  deps: ForwardDeps,
): Promise<TunnelAnswer> {
  const headers = [
    ...requestHeaders(exchange.headers, exchange, deps.trusts(exchange.remoteAddress)),
    ...['Connection', 'Upgrade', 'Upgrade', upgrade.protocol],
    ...upgrade.extraHeaders,
  ];
  const gone = new AbortController();
  const stopWatching = exchange.onGone(() => gone.abort(new Error('the client hung up')));
  const stop = (): void => gone.abort(deps.signal.reason);
  deps.signal.addEventListener('abort', stop, { once: true });
  const tried = new Set<Endpoint>();
  let lastError: Error | undefined;
  try {
    while (!exchange.isGone) {
      const endpoint = backend.pick(tried);
      if (endpoint === undefined) {
        const page =
          lastError === undefined
            ? unavailable(application, backend.problem)
            : failurePage(application, lastError, deps.responseTimeoutMs);
        return { result: 'refused', page };
      }
      const outcome = await openTunnel({
        address: endpoint.address,
        method: 'GET',
        target: exchange.target,
        headers,
        timeoutMs: deps.responseTimeoutMs,
        signal: gone.signal,
      });
      if (outcome.result !== 'failed') return outcome;
      lastError = outcome.error;
      if (outcome.wasSent) {
        return { result: 'refused', page: failurePage(application, lastError, deps.responseTimeoutMs) };
      }
      endpoint.suspect(deps.clock.now());
      tried.add(endpoint);
    }
    return { result: 'gone' };
  } finally {
    stopWatching();
    deps.signal.removeEventListener('abort', stop);
  }
}
