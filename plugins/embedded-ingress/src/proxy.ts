import type { Backend } from './backend.ts';
import { type ErrorPage, sendErrorPage } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { type ForwardDeps, forwardRequest } from './forward-request.ts';
import { parseAuthority } from './host-name.ts';
import type { ServicePortRef } from './route-claims.ts';
import type { RouteTable } from './route-table.ts';

/** What the proxy knows of the cluster, always at its newest. */
export interface Routes {
  readonly table: RouteTable;
  backend(ref: ServicePortRef): Backend;
}

export interface ProxyDeps extends ForwardDeps {
  readonly routes: Routes;
}

export type Destination =
  { readonly application: string; readonly backend: Backend } | { readonly page: ErrorPage };

/** Where a request goes, or the page that says why it goes nowhere. Names nothing that its host does not. */
export function destinationOf(
  { authority, target }: Pick<Exchange, 'authority' | 'target'>,
  routes: Routes,
): Destination {
  const host = parseAuthority(authority)?.host ?? '';
  const query = target.indexOf('?');
  const path = target === '*' ? '/' : query === -1 ? target : target.slice(0, query);
  const match = routes.table.match(host, path);
  switch (match.found) {
    case 'route':
      return { application: match.claim.application, backend: routes.backend(match.claim.backend) };
    case 'no-host':
      return {
        page: {
          status: 404,
          title: `No application is published at "${host}"`,
          fix: 'Check the address. The routes of your applications: epinio app list',
        },
      };
    case 'no-path':
      return {
        page: {
          status: 404,
          title: `No application is published at this path of "${host}"`,
          fix: 'Check the path. The routes of your applications: epinio app list',
        },
      };
  }
}

/** Answers one request. Never rejects. */
export async function serveExchange(exchange: Exchange, deps: ProxyDeps): Promise<void> {
  const startedAt = deps.clock.now();
  const destination = destinationOf(exchange, deps.routes);
  let refused: number | undefined;
  let application: string | undefined;
  try {
    if ('page' in destination) {
      refused = destination.page.status;
      sendErrorPage(exchange, destination.page);
    } else {
      ({ application } = destination);
      refused = await forwardRequest(exchange, destination.backend, application, deps);
    }
  } catch (error) {
    refused = 503;
    if (!deps.signal.aborted) deps.log.error('Request failed in the proxy', { application, error });
    if (exchange.hasBegun) exchange.cut();
    else sendErrorPage(exchange, STOPPING);
  }
  deps.log.debug('Request', {
    method: exchange.method,
    host: exchange.authority,
    path: exchange.target.split('?', 1)[0],
    application,
    refused,
    ms: deps.clock.now() - startedAt,
  });
}

const STOPPING: ErrorPage = {
  status: 503,
  title: 'The platform could not pass the request on',
  fix: 'Try again in a moment',
  headers: ['Retry-After', '5'],
};

/** The page for a request that breaks the rules of HTTP. */
export function invalidPage(reason: string): ErrorPage {
  return { status: 400, title: `The request is not valid: ${reason}`, fix: 'Mend the client' };
}
