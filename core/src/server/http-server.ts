import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Api } from '../api/create-api.ts';
import { EpinioError } from '../kernel/errors.ts';

const HEADERS_MS = 30_000;
/** Longer than an ingress keeps its connections, so that it never sends a request into a closing one. */
const KEEP_ALIVE_MS = 75_000;
const IDLE_LOOK_MS = 50;

/** Listens on loopback: the public door is the ingress. Fails with `PORT_IN_USE`. */
export async function listen(api: Api, port: number): Promise<Server> {
  const listener = getRequestListener(api.app.fetch, { overrideGlobalObjects: false });
  const server = createServer(
    // Uploads take as long as they take; each body has a deadline of its own for being idle.
    { requestTimeout: 0, headersTimeout: HEADERS_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => void listener(request, response),
  );
  server.on('upgrade', (request, socket, head) => api.upgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED';
      reject(
        new EpinioError(code, `The API cannot listen on 127.0.0.1:${port} (${cause.code ?? cause.message})`, {
          cause,
          status: 500,
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  api.listensOn((server.address() as AddressInfo).port);
  return server;
}

/** Takes no more requests, waits for those that are under way, and cuts off what is left when the signal is aborted. */
export async function drain(server: Server, signal: AbortSignal): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  // Connections become idle one after the other, each when its request has been answered.
  const timer = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
  server.closeIdleConnections();
  const cut = (): void => server.closeAllConnections();
  signal.addEventListener('abort', cut, { once: true });
  if (signal.aborted) cut();
  await closed;
  clearInterval(timer);
  signal.removeEventListener('abort', cut);
}
