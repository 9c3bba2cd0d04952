import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { badRequest } from '../../status.ts';
import { Channels } from './channels.ts';
import { forwardPort, type ConnectPort } from './forward-port.ts';

const NORMAL = 1000;
/** Bytes that name a channel. */
const MAX_PORTS = 127;

/** The channel protocols of port forwarding, with whether they are base64; "" when the client names none. */
export const PORT_FORWARD_PROTOCOLS: ReadonlyMap<string, boolean> = new Map([
  ['', false],
  ['v4.channel.k8s.io', false],
  ['v4.base64.channel.k8s.io', true],
]);

/** The ports that the query asks for. Fails with 400. */
export function portsOf(query: URLSearchParams): readonly number[] {
  const given = query.getAll('ports').flatMap((text) => text.split(','));
  if (given.length === 0) throw badRequest('query parameter "ports" is required');
  if (given.length > MAX_PORTS) throw badRequest(`at most ${MAX_PORTS} ports can be forwarded at once`);
  return given.map((text) => {
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 0xffff) throw badRequest(`unable to parse "${text}" as a port`);
    if (port < 1) throw badRequest(`port "${text}" must be > 0`);
    return port;
  });
}

/** Forwards one connection to each of the ports: two channels each, data and error, that begin with the port's number. */
export async function serveChannelPortForward(
  socket: WebSocket,
  isBase64: boolean,
  ports: readonly number[],
  connect: ConnectPort,
): Promise<void> {
  const channels = new Channels(socket, { isBase64, hasClose: false });
  const clients = ports.map((port, index) => {
    const data = Duplex.from({
      readable: channels.readable(index * 2),
      writable: channels.writable(index * 2),
    });
    return { port, data, errors: channels.writable(index * 2 + 1) };
  });
  channels.start();
  try {
    for (const [index, port] of ports.entries()) {
      const number = Buffer.of(port & 0xff, port >> 8);
      await channels.send(index * 2, number);
      await channels.send(index * 2 + 1, number);
    }
    socket.once('close', () => {
      for (const { data } of clients) data.destroy();
    });
    await Promise.all(clients.map(({ data, errors, port }) => forwardPort(data, errors, port, connect)));
  } finally {
    socket.close(NORMAL);
  }
}
