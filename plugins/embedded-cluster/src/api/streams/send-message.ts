import type { RawData, WebSocket } from 'ws';

/** Beyond this, a slow client makes the sender wait. */
const MAX_BUFFERED = 256 * 1024;

/** Sends one message; resolves when there is room for more, so that a slow client costs no memory. Fails when it has gone. */
export async function sendMessage(socket: WebSocket, message: Buffer | string): Promise<void> {
  if (socket.readyState !== socket.OPEN) throw new Error('the websocket is closed');
  if (socket.bufferedAmount < MAX_BUFFERED) {
    socket.send(message, ignoreError);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    socket.send(message, (error) => (error == null ? resolve() : reject(error)));
  });
}

/** A connection that broke shows in its `close`. */
function ignoreError(): void {
  return undefined;
}

/** The bytes of a message, text or not. */
export function asBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
