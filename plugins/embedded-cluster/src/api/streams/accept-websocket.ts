import { WebSocketServer, type WebSocket } from 'ws';
import { StatusError } from '../../status.ts';
import type { Exchange } from '../exchange.ts';

/** Of one message; clients send 32 KiB. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/** The websocket protocols that a client offers, in its order; none: it leaves the choice to the server. */
export function offeredProtocols({ incoming }: Exchange): readonly string[] {
  const header = incoming.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/** Whether the client asks for a websocket. */
export function wantsWebsocket({ incoming, upgrade }: Exchange): boolean {
  return upgrade !== undefined && incoming.headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Answers an upgrade request with a websocket that speaks `protocol` ("" when the client offered none). A malformed
 * request has been answered when this fails. Nothing is lost of what the client sends until there is a listener.
 */
export async function acceptWebsocket(exchange: Exchange, protocol: string): Promise<WebSocket> {
  const { incoming, response, upgrade } = exchange;
  if (upgrade === undefined) throw new Error('the request asks for no upgrade');
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE,
  });
  // Names such as "SPDY/3.1+portforward.k8s.io" are none by RFC 6455: `ws` refuses them, clients insist on them.
  delete incoming.headers['sec-websocket-protocol'];
  server.once('headers', (headers) => {
    if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });
  response.detachSocket(incoming.socket);
  return await new Promise<WebSocket>((resolve, reject) => {
    server.once('wsClientError', (error, socket) => {
      const body = `${error.message}\n`;
      const head = `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.end(`${head}${body}`);
      reject(new StatusError(400, 'BadRequest', error.message));
    });
    server.handleUpgrade(incoming, upgrade.socket, upgrade.head, (socket) => {
      socket.pause();
      resolve(socket);
    });
  });
}
