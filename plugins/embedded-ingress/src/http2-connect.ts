import { randomBytes } from 'node:crypto';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { sendErrorPage } from './error-page.ts';
import { http2Exchange } from './http2-exchange.ts';
import { type RawHeaders, responseHeaders } from './message-headers.ts';
import { splice } from './open-tunnel.ts';
import { destinationOf, invalidPage, type ProxyDeps } from './proxy.ts';
import { relayResponse } from './relay-response.ts';
import { tunnelRequest } from './tunnel-request.ts';

/** Serves a websocket that is opened inside an HTTP/2 connection (RFC 8441): to the application it is HTTP/1.1's. */
export async function serveExtendedConnect(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: RawHeaders,
  deps: ProxyDeps,
): Promise<void> {
  const exchange = http2Exchange(stream, headers, rawHeaders);
  if ('invalid' in exchange) {
    stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    return;
  }
  if (headers[':protocol'] !== 'websocket') {
    sendErrorPage(exchange, invalidPage('only websockets can be opened with CONNECT'));
    return;
  }
  const destination = destinationOf(exchange, deps.routes);
  if ('page' in destination) {
    sendErrorPage(exchange, destination.page);
    return;
  }

  const answer = await tunnelRequest(
    exchange,
    // HTTP/2 has no such key; HTTP/1.1 servers insist on one (RFC 8441, 5).
    { protocol: 'websocket', extraHeaders: ['Sec-WebSocket-Key', randomBytes(16).toString('base64')] },
    destination.backend,
    destination.application,
    deps,
  );
  switch (answer.result) {
    case 'gone': {
      stream.close();
      return;
    }
    case 'refused': {
      sendErrorPage(exchange, answer.page);
      return;
    }
    case 'answered':
      return relayResponse(answer.response, exchange);
    case 'switched': {
      const kept = responseHeaders(answer.response.rawHeaders);
      const fields: string[] = [];
      for (let i = 0; i < kept.length; i += 2) {
        const name = kept[i] ?? '';
        if (name.toLowerCase() !== 'sec-websocket-accept') fields.push(name, kept[i + 1] ?? '');
      }
      exchange.begin(200, undefined, fields);
      if (answer.head.length > 0) stream.write(answer.head);
      splice(stream, answer.socket);
    }
  }
}
