import { request as requestOf, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '@epinio/core';
import type { Exchange } from '../exchange.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { unreachable, type Location } from './locate.ts';

/** A connection has its server's and TLS's, and those of passing on in both directions. */
const LISTENERS = 20;

/** Called with what ends a stream when the server stops. */
export type Follow = (stream: { end(): void }) => void;

/**
 * Passes a request on and its answer back, whatever the method, body by body as they come; a protocol that the target
 * agrees to change to goes on over both connections.
 * @param path behind `/proxy`: empty, or begins with a slash
 */
export async function passRequest(
  exchange: Exchange,
  location: Location,
  path: string,
  follow: Follow,
): Promise<void> {
  const { incoming, response, upgrade, method } = exchange;
  const [, query = ''] = /^[^?]*(\?.*)?$/.exec(incoming.url ?? '') ?? [];
  // Relative links of a page only lead back here from a path that ends with a slash.
  if (path === '' && upgrade === undefined && (method === 'GET' || method === 'HEAD')) {
    response.writeHead(301, { location: `${exchange.path}/${query}` }).end();
    return;
  }
  const connection = secured(await location.connect(), location);
  const prefix = exchange.path.slice(0, exchange.path.length - path.length);
  const client = incoming.socket.remoteAddress ?? '';
  const headers = requestHeaders(incoming.rawHeaders, client, exchange.path);
  if (upgrade !== undefined) headers.push('Connection', 'Upgrade', 'Upgrade', incoming.headers.upgrade ?? '');
  const outgoing = requestOf({
    ...{ method, path: `${path === '' ? '/' : path}${query}`, headers, setHost: false },
    createConnection: () => connection,
  });
  follow({ end: () => outgoing.destroy(new Error('the server stops')) });
  const gone = (): void => void outgoing.destroy();
  (upgrade?.socket ?? response).once('close', gone);
  try {
    const answer = await send(outgoing, exchange);
    const back = responseHeaders(answer.rawHeaders, (target) =>
      rewritten(target, prefix, [location.host, incoming.headers.host ?? '']),
    );
    if (answer.statusCode === 101) {
      await joined(exchange, outgoing, answer);
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, back);
    response.flushHeaders();
    await pipeline(answer, response).catch(() => response.destroy()); // either side has gone
  } finally {
    outgoing.destroy();
  }
}

/** Certificates of pods are not checked, as by a real API server: they are reached by what the cluster knows of them. */
function secured(connection: Duplex, { scheme }: Location): Duplex {
  if (scheme === 'http') return connection;
  return connectTls({ socket: connection, rejectUnauthorized: false });
}

/** The head of the answer. Fails with 503. */
function send(outgoing: ClientRequest, { incoming, upgrade }: Exchange): Promise<IncomingMessage> {
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('upgrade', (answer: IncomingMessage, _socket: Duplex, head: Buffer) => {
      if (head.length > 0) answer.socket.unshift(head);
      resolve(answer);
    });
    outgoing.on('error', (error) => reject(unreachable(reasonOf(error))));
    if (upgrade !== undefined || (length === undefined && encoding === undefined)) outgoing.end();
    else incoming.pipe(outgoing);
  });
}

function reasonOf(error: Error): string {
  return 'code' in error && error.code === 'ECONNRESET' ? 'EOF' : messageOf(error);
}

/** Lets both sides speak what they have agreed on, until one of them ends. */
async function joined(
  { incoming, response, upgrade }: Exchange,
  { socket: target }: ClientRequest,
  answer: IncomingMessage,
): Promise<void> {
  if (upgrade === undefined || target === null)
    throw unreachable('a protocol was changed that nobody asked to change');
  const lines = answer.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 ? [`${name}: ${all[index + 1] ?? ''}`] : [],
  );
  response.detachSocket(incoming.socket);
  upgrade.socket.write(`${['HTTP/1.1 101 Switching Protocols', ...lines].join('\r\n')}\r\n\r\n`);
  if (upgrade.head.length > 0) target.write(upgrade.head);
  upgrade.socket.setMaxListeners(LISTENERS);
  await Promise.allSettled([pipeline(upgrade.socket, target), pipeline(target, upgrade.socket)]);
}

/** Where a redirection of the target leads when it is to come back here. */
function rewritten(target: string, prefix: string, own: readonly string[]): string {
  const base = 'http://relative.invalid';
  const url = URL.canParse(target, base) ? new URL(target, base) : undefined;
  const isAbsolute = target.startsWith('/') && !target.startsWith('//');
  if (url === undefined || (!isAbsolute && !own.includes(url.host))) return target;
  const rest = `${url.pathname}${url.search}${url.hash}`;
  return url.pathname.startsWith(prefix) ? rest : `${prefix}${rest}`;
}
