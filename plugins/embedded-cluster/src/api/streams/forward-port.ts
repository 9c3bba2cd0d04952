import type { Duplex, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { messageOf } from '@epinio/core';

/** Connects to a port of the pod. */
export type ConnectPort = (port: number) => Promise<Duplex>;

/**
 * Passes bytes between a client's stream and a port until the port is done. Each direction ends for itself; what goes
 * wrong at the beginning is written to `errors`.
 * @returns whether there was a connection
 */
export async function forwardPort(
  client: Duplex,
  errors: Writable,
  port: number,
  connect: ConnectPort,
): Promise<boolean> {
  let target: Duplex;
  try {
    target = await connect(port);
  } catch (error) {
    errors.end(messageOf(error));
    await finished(errors).catch(() => undefined); // a client that is gone reads no error
    return false;
  }
  // A client that goes away takes the connection with it; one that has said all may still listen.
  client.once('close', () => target.destroy());
  pipeline(client, target).catch(() => target.destroy());
  await pipeline(target, client, { end: false }).catch(() => undefined); // broken off on either side: it is over
  target.destroy();
  return true;
}
