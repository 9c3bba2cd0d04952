import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { EpinioError } from '@epinio/core';
import type { Pki } from '../pki/pki.ts';
import { limitConnections } from './connection-limit.ts';
import { Handler, type HandlerOptions } from './handler.ts';

/** Connections beyond these, or beyond half the files that this process may have open, take the place of idle ones. */
const MAX_CONNECTIONS = 2048;
const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** How long a client may take to begin: a TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How often connections are looked at that are over their time. */
const CHECK_INTERVAL_MS = 10_000;
/** An idle connection is kept this long: longer than clients do, so that it is they who close. */
const KEEP_ALIVE_MS = 120_000;
/** After this, connections that still answer something are cut. */
const CLOSE_TIMEOUT_MS = 5_000;

export interface ApiServerOptions extends HandlerOptions {
  readonly pki: Pki;
  readonly port: number;
  /** How long a client may take to send its whole request, in milliseconds; a minute when absent. */
  readonly requestTimeout?: number | undefined;
}

export interface ApiServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Listens on 127.0.0.1 with TLS. Fails with `PORT_IN_USE`. */
export async function startApiServer({
  pki,
  port,
  requestTimeout = REQUEST_TIMEOUT_MS,
  ...options
}: ApiServerOptions): Promise<ApiServer> {
  const handler = new Handler(options);
  const server = createServer(
    {
      cert: pki.server.certificate,
      key: pki.server.key,
      ca: pki.authority,
      requestCert: true,
      rejectUnauthorized: false, // who has no certificate may have a token
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      noDelay: true,
      requestTimeout,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      keepAliveTimeout: KEEP_ALIVE_MS,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, requestTimeout),
    },
    handler.handle,
  );
  server.on('upgrade', handler.handleUpgrade);
  const sockets = limitConnections(server, MAX_CONNECTIONS, options.log);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await listen(server, port);
  return {
    port: addressPort(server),
    close: () => close(server, handler, sockets),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') {
        reject(cause);
        return;
      }
      reject(
        new EpinioError(
          'PORT_IN_USE',
          `Port ${port}, which the cluster's API listens on, is taken by another program`,
          {
            fix: 'Stop that program, or set another `port` for the cluster',
            cause,
          },
        ),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

function addressPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('the server does not listen on a port');
  return address.port;
}

/** Takes no more, ends the watches, lets the others finish, and cuts what takes too long. */
async function close(server: Server, handler: Handler, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  handler.endStreams();
  server.closeIdleConnections();
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, CLOSE_TIMEOUT_MS);
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  try {
    await closed;
  } finally {
    clearTimeout(cut);
    clearInterval(sweep);
  }
}
