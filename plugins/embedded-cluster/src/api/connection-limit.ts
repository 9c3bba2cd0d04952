import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Log } from '@epinio/core';

/** A flood is told in the log once in so long. */
const TELL_INTERVAL_MS = 60_000;

/**
 * Keeps the open connections of a server below a limit. When it is reached, a new connection takes the place of the
 * one that has been without a request for longest: half a handshake, half a header, one that a client keeps for
 * later. So however many are opened to do nothing, who asks something is answered. When all of them are being
 * answered, the new one is closed.
 *
 * @returns the open connections, which change
 */
export function limitConnections(server: Server, limit: number, log: Log): ReadonlySet<Socket> {
  const max = Math.min(limit, Math.floor(openFilesLimit() / 2));
  const open = new Set<Socket>();
  /** Without a request, by the client's address, the longest so first. */
  const idle = new Map<string, Socket>();
  let told = -Infinity;

  const tell = (message: string): void => {
    if (performance.now() - told < TELL_INTERVAL_MS) return;
    told = performance.now();
    log.warn(message, { connections: open.size });
  };
  const makeRoom = (): boolean => {
    const [oldest] = idle;
    if (oldest === undefined) return false;
    const [address, socket] = oldest;
    idle.delete(address);
    socket.destroy();
    return true;
  };

  server.on('connection', (socket: Socket) => {
    if (open.size >= max) {
      tell('The API has as many connections as it takes: those without a request are closed for new ones');
      if (!makeRoom()) {
        socket.destroy();
        return;
      }
    }
    const address = addressOf(socket);
    open.add(socket);
    idle.set(address, socket);
    socket.once('close', () => {
      open.delete(socket);
      if (idle.get(address) === socket) idle.delete(address);
    });
  });

  /** The connection is busy from now on. @returns what makes it idle again */
  const busy = ({ socket }: IncomingMessage): (() => void) => {
    const address = addressOf(socket);
    const connection = idle.get(address);
    idle.delete(address);
    return () => {
      if (connection !== undefined && open.has(connection)) idle.set(address, connection);
    };
  };
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    response.once('close', busy(request));
  });
  server.prependListener('upgrade', (request: IncomingMessage) => {
    busy(request); // until it closes
  });
  return open;
}

/** TCP's connection and TLS's on top of it are different objects with the same address. */
function addressOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** How many files and connections this process may have open; Node.js has raised it as far as it may. */
function openFilesLimit(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
  } catch {
    return Infinity; // not Linux
  }
}
