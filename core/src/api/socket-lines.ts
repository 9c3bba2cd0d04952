import type { WebSocket } from 'ws';

/** Beyond this, a slow reader makes the writer wait. */
const MAX_BUFFERED = 256 * 1024;

/** Sends a text frame; waits when the client is behind, so that a slow one costs no memory. Fails when it has gone. */
export async function sendText(socket: WebSocket, text: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) throw new Error('the websocket is closed');
  if (socket.bufferedAmount < MAX_BUFFERED) {
    socket.send(text);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    socket.send(text, (error) => (error == null ? resolve() : reject(error)));
  });
}
