import type { WebSocket } from 'ws';
import { SpdyConnection } from '../../spdy/connection.ts';
import type { SpdyStream } from '../../spdy/stream.ts';
import { forwardPort, type ConnectPort } from './forward-port.ts';
import { asBuffer, sendMessage } from './send-message.ts';

/** SPDY inside of a websocket: what kubectl speaks. */
export const SPDY_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
/** How long a connection may be without its second stream. */
const PAIR_MS = 30_000;
const NORMAL = 1000;

/** A forwarded connection: its data, and what went wrong with it. */
interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
  readonly timer: NodeJS.Timeout;
}

/** Forwards any number of connections that the client opens as pairs of streams, until it goes away. */
export function serveSpdyPortForward(socket: WebSocket, connect: ConnectPort): void {
  const pairs = new Map<string, Pair>();
  const onStream = (stream: SpdyStream): boolean => {
    const port = Number(stream.headers.get('port'));
    const type = stream.headers.get('streamtype');
    if (!Number.isInteger(port) || port < 1 || port > 0xffff) return false;
    if (type !== 'data' && type !== 'error') return false;
    const id = stream.headers.get('requestid') ?? unnamed(stream, type);
    const pair = pairs.get(id) ?? begin(pairs, id);
    if (pair[type] !== undefined) return false;
    pair[type] = stream;
    const { data, error } = pair;
    if (data === undefined || error === undefined) return true;
    clearTimeout(pair.timer);
    pairs.delete(id);
    void forward(data, error, port, connect);
    return true;
  };
  const connection = new SpdyConnection(
    { send: (bytes) => sendMessage(socket, bytes), close: () => socket.close(NORMAL) },
    onStream,
  );
  let reading = Promise.resolve();
  socket.on('message', (message) => {
    // One message at a time: those of the same piece of network data come although the socket is paused.
    socket.pause();
    const bytes = asBuffer(message);
    const next = reading.then(() => connection.receive(bytes));
    reading = next;
    void next.then(() => {
      if (reading === next) socket.resume();
    });
  });
  socket.once('close', () => {
    for (const { timer } of pairs.values()) clearTimeout(timer);
    connection.close();
  });
  socket.resume();
}

function begin(pairs: Map<string, Pair>, id: string): Pair {
  const timer = setTimeout(() => {
    pairs.delete(id);
    pair.error?.end(`(request=${id}) timed out waiting for streams`);
    pair.data?.destroy();
  }, PAIR_MS);
  const pair: Pair = { timer };
  pairs.set(id, pair);
  return pair;
}

/** Old clients give no id: they open the error stream, and then the other. */
function unnamed({ number }: SpdyStream, type: 'data' | 'error'): string {
  return String(type === 'error' ? number : number - 2);
}

async function forward(
  data: SpdyStream,
  error: SpdyStream,
  port: number,
  connect: ConnectPort,
): Promise<void> {
  error.resume();
  if (await forwardPort(data, error, port, connect)) {
    data.end();
    error.end();
    // What the client still sends has no reader any more.
    data.resume();
  } else {
    data.destroy();
  }
}
