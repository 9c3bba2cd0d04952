import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { sendErrorPage } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { http1Exchange } from './http1-exchange.ts';
import { responseHeaders } from './message-headers.ts';
import { splice } from './open-tunnel.ts';
import { destinationOf, invalidPage, type ProxyDeps, serveExchange } from './proxy.ts';
import { relayResponse } from './relay-response.ts';
import { type TunnelClient, tunnelRequest } from './tunnel-request.ts';

/**
 * Serves a request with `Upgrade`: a websocket, or any other protocol that its application wants to speak.
 * h2c is ignored, as a server may (RFC 9110, 7.8): behind it, requests would go past the routing.
 */
export async function serveUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  deps: ProxyDeps,
): Promise<void> {
  if (!(socket instanceof Socket)) throw new TypeError('an upgraded connection is a socket');
  const breakOff = (): void => void socket.destroy();
  socket.on('error', breakOff);
  // Node hands over the bare connection; this lends it the usual means to answer in HTTP.
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.end();
  });
  const exchange = http1Exchange(request, response);
  if ('invalid' in exchange) {
    refuseRaw(response);
    return;
  }
  if (exchange.body !== undefined) {
    sendErrorPage(exchange, invalidPage('an upgrade cannot have a body'));
    return;
  }
  const protocol = request.headers.upgrade ?? '';
  if (/(^|,)\s*h2c\s*(,|$)/i.test(protocol)) return serveExchange(exchange, deps);
  const destination = destinationOf(exchange, deps.routes);
  if ('page' in destination) {
    sendErrorPage(exchange, destination.page);
    return;
  }

  const client = withSocket(exchange, socket);
  const answer = await tunnelRequest(
    client,
    { protocol, extraHeaders: [] },
    destination.backend,
    destination.application,
    deps,
  );
  switch (answer.result) {
    case 'gone': {
      breakOff();
      return;
    }
    case 'refused': {
      sendErrorPage(exchange, answer.page);
      return;
    }
    case 'answered':
      return relayResponse(answer.response, exchange);
    case 'switched': {
      response.detachSocket(socket);
      socket.off('error', breakOff);
      socket.write(switching(answer.response, protocol));
      if (answer.head.length > 0) socket.write(answer.head);
      if (head.length > 0) answer.socket.write(head);
      splice(socket, answer.socket);
    }
  }
}

/** The client is the socket itself here: nothing reads it yet, so only its close tells that it is gone. */
function withSocket(
  { method, authority, target, headers, remoteAddress }: Exchange,
  socket: Duplex,
): TunnelClient {
  return {
    ...{ method, authority, target, headers, remoteAddress },
    get isGone() {
      return socket.destroyed;
    },
    onGone(listener) {
      socket.once('close', listener);
      return () => void socket.off('close', listener);
    },
  };
}

function switching(answer: IncomingMessage, protocol: string): string {
  const headers = responseHeaders(answer.rawHeaders);
  let text = `HTTP/1.1 101 ${answer.statusMessage ?? 'Switching Protocols'}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i] ?? ''}: ${headers[i + 1] ?? ''}\r\n`;
  return `${text}Connection: Upgrade\r\nUpgrade: ${answer.headers.upgrade ?? protocol}\r\n\r\n`;
}

function refuseRaw(response: ServerResponse): void {
  response
    .writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' })
    .end('400 The request is not valid\n');
}
