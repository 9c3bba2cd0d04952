import { createServer, type Server } from 'node:http';
import { readHttp1Target } from './http1-exchange.ts';
import { parseAuthority } from './host-name.ts';
import { MAX_HEADER_BYTES } from './limits.ts';

/**
 * The plain HTTP side, which sends every request to HTTPS. 308 keeps the method and the body (RFC 9110, 15.4.9).
 * Not listening yet.
 */
export function createRedirectServer(httpsPort: number, maxConnections: number): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 5_000,
    },
    (request, response) => {
      const read = readHttp1Target(request);
      // A client that wants to send a body first, or has begun to, had better stop.
      response.shouldKeepAlive =
        request.headers['transfer-encoding'] === undefined && !request.headers['content-length'];
      if ('invalid' in read) {
        response.writeHead(400, { 'Content-Type': 'text/plain' });
        response.end(`400 The request is not valid: ${read.invalid}\n`);
        return;
      }
      const host = parseAuthority(read.authority)?.host ?? '';
      const target = read.target === '*' ? '/' : read.target;
      const location = `https://${host}${httpsPort === 443 ? '' : `:${httpsPort}`}${target}`;
      response.writeHead(308, { Location: location, 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${location}\n`);
    },
  );
  server.maxConnections = maxConnections;
  return server;
}
