import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { EpinioError } from '@epinio/core';
import { codeOf } from './disk.ts';

const DRAIN_MS = 5000;
const IDLE_MS = 120_000;

/** Starts to listen; fails with `PORT_IN_USE`. */
export async function listen(handler: RequestListener, address: string, port: number): Promise<Server> {
  const server = createServer({ requestTimeout: 0 }, handler); // a large layer takes its time; a stalled one is ended below
  server.setTimeout(IDLE_MS);
  server.listen(port, address);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    throw new EpinioError(
      'PORT_IN_USE',
      `Port ${port} of ${address}, where the registry is to listen, is in use`,
      {
        fix: 'Stop what listens there, or set another port for the registry component',
        fault: 'system',
        cause: error,
      },
    );
  }
  return server;
}

/** Lets answers that are under way finish for some seconds. */
export async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(timer);
}
