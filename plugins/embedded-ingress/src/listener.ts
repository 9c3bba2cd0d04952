import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { CertificateStore } from './certificate-store.ts';
import { Connections, IDLE_MS } from './connections.ts';
import { serveUpgrade } from './http1-upgrade.ts';
import { http1Exchange } from './http1-exchange.ts';
import { serveExtendedConnect } from './http2-connect.ts';
import { http2Exchange } from './http2-exchange.ts';
import { MAX_HEADER_BYTES } from './limits.ts';
import { type ProxyDeps, serveExchange } from './proxy.ts';
import { rawHeadersOf } from './message-headers.ts';

export interface HttpsOptions {
  /** PEM of certificate and key for names without a certificate of their own. */
  readonly fallback: string;
  readonly maxConnections: number;
}

export interface HttpsListener {
  readonly server: Server;
  /** Stops listening, lets requests finish for up to `ms`, then closes what is left. */
  drain(ms: number): Promise<void>;
}

/** The HTTPS side: TLS by server name, then HTTP/2 or HTTP/1.1 as the client chose. Not listening yet. */
export function createHttpsListener(
  options: HttpsOptions,
  certificates: CertificateStore,
  deps: ProxyDeps,
): HttpsListener {
  const connections = new Connections(deps.clock);
  /** What goes wrong in one request is that request's own: logged, and its connection closed. */
  const guard = (socket: Duplex, work: Promise<void>): void => {
    work.catch((error: unknown) => {
      deps.log.warn('Request failed in the proxy', { error });
      socket.destroy();
    });
  };

  const server = createHttpsServer({
    cert: options.fallback,
    key: options.fallback,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: 10_000,
    SNICallback: (serverName, done) => done(null, certificates.contextFor(serverName)),
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 15_000,
    requestTimeout: 0, // an upload takes as long as it takes; that it goes on is watched by RequestBody
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: IDLE_MS,
  });
  server.maxConnections = options.maxConnections;

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    connections.addAnswer(response);
    const exchange = http1Exchange(request, response);
    if ('invalid' in exchange) {
      response.writeHead(400, { 'Content-Type': 'text/plain', Connection: 'close' });
      response.end(`400 The request is not valid: ${exchange.invalid}\n`);
    } else guard(request.socket, serveExchange(exchange, deps));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    connections.addTunnel(socket);
    guard(socket, serveUpgrade(request, socket, head, deps));
  });

  const http2 = createHttp2Server({
    settings: {
      enableConnectProtocol: true,
      maxConcurrentStreams: 128,
      initialWindowSize: STREAM_WINDOW,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
    maxSessionMemory: 16,
  });
  http2.on('session', (session) => {
    session.setLocalWindowSize(SESSION_WINDOW);
    connections.addSession(session);
  });
  http2.on('sessionError', (error) => deps.log.debug('HTTP/2 connection broke', { error }));
  http2.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw?: string[]) => {
      connections.addAnswer(stream);
      // What breaks a stream is told by its close; without a listener it would end the process.
      stream.on('error', (error) => deps.log.debug('HTTP/2 stream broke', { error: error.message }));
      const fields = raw ?? rawHeadersOf(headers);
      if (headers[':method'] === 'CONNECT') {
        guard(stream, serveExtendedConnect(stream, headers, fields, deps));
        return;
      }
      if (headers.expect?.toLowerCase() === '100-continue') stream.additionalHeaders({ ':status': 100 });
      const exchange = http2Exchange(stream, headers, fields);
      if ('invalid' in exchange) {
        stream.respond({ ':status': 400, 'content-type': 'text/plain' });
        stream.end(`400 The request is not valid: ${exchange.invalid}\n`);
      } else guard(stream, serveExchange(exchange, deps));
    },
  );

  // Both speak on one port: the connection goes to the one that ALPN chose.
  const [serveHttp1] = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.emit('connection', socket);
    else serveHttp1?.call(server, socket);
  });
  server.on('tlsClientError', (error, socket) => {
    deps.log.debug('TLS handshake failed', { error: error.message });
    socket.destroy();
  });

  return {
    server,
    async drain(ms) {
      server.close();
      await connections.drain(ms);
      server.closeAllConnections();
    },
  };
}

/** What a client may send ahead of the application's reading, on one stream and on one connection. */
const STREAM_WINDOW = 256 * 1024;
const SESSION_WINDOW = 1024 * 1024;
