import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Connection } from './http.ts';
import { lookup, ownTlsOptions, tlsOptions, UNTRUSTED } from './tls-trust.ts';

/** One way to a server, over kept-alive connections. */
export interface Way {
  readonly agent: HttpAgent;
  readonly request: (url: URL, options: RequestOptions) => ClientRequest;
  /** What a new connection says when a body may be sent. */
  readonly connected: 'connect' | 'secureConnect';
  /** True of errors after which the next way may do. */
  isClosed(errorCode: string): boolean;
}

/**
 * The ways to a server, quickest first. Over the socket of a platform on this machine there is nothing to encrypt.
 * Its own authority comes before the public ones, which take longer to read than all else that a short command does.
 */
export function* waysTo(connection: Connection): Generator<Way, undefined> {
  const { api, socket } = connection;
  if (socket !== undefined) {
    yield {
      agent: new HttpAgent({ keepAlive: true }),
      // Without TLS nobody needs a server name, which Node.js would work out.
      request: (url, options) =>
        httpRequest({ ...options, ...target(url), socketPath: socket, servername: '' } as RequestOptions),
      connected: 'connect',
      isClosed: (code) => ['ENOENT', 'ECONNREFUSED', 'EACCES'].includes(code),
    };
  }
  if (api.startsWith('http:')) {
    yield {
      agent: new HttpAgent({ keepAlive: true }),
      request: (url, options) => httpRequest(url, { ...options, lookup }),
      connected: 'connect',
      isClosed: () => false,
    };
    return;
  }
  const own = ownTlsOptions(connection);
  for (const trust of own === undefined ? [tlsOptions] : [() => own, tlsOptions]) {
    yield {
      agent: new HttpsAgent({ keepAlive: true, ...trust(connection) }),
      request: (url, options) => httpsRequest(url, { ...options, lookup }),
      connected: 'secureConnect',
      isClosed: (code) => trust !== tlsOptions && UNTRUSTED.test(code),
    };
  }
}

function target({
  host,
  pathname,
  search,
}: URL): Pick<RequestOptions, 'path' | 'headers'> & { host: string } {
  return { host, path: `${pathname}${search}` };
}
