import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Target } from './frontends.ts';

/** A pod is a process of this machine: whoever takes longer to take a connection does not take any. */
const CONNECT_MS = 5000;

/** A connection to the target; undefined when it takes none. */
export function dial({ address, port }: Target): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true, timeout: CONNECT_MS });
    const fail = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('timeout', fail);
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('timeout', fail).off('error', fail);
      resolve(socket);
    });
  });
}

/** Passes everything on between the two, as fast as the slower one takes it; each side's end and failure, too. */
export function splice(client: Socket, upstream: Socket): void {
  const passed = (error: Error | undefined): void => {
    if (error !== undefined) reset(client, upstream);
  };
  pipeline(client, upstream, (error) => passed(error ?? undefined));
  pipeline(upstream, client, (error) => passed(error ?? undefined));
}

/** What was cut on one side is not to look like an end on the other. */
function reset(...sockets: readonly Socket[]): void {
  for (const socket of sockets) if (!socket.destroyed) socket.resetAndDestroy();
}
