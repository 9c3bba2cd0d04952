import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Exchange, type InvalidRequest, peerAddress } from './exchange.ts';
import { parseAuthority } from './host-name.ts';
import type { RawHeaders } from './message-headers.ts';

/** Reads an HTTP/1.1 request's target and host (RFC 9112, 3.2 and 3.3). */
export function readHttp1Target(
  request: IncomingMessage,
): { readonly authority: string; readonly target: string } | InvalidRequest {
  const { rawHeaders, url = '' } = request;
  let authority: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'host') continue;
    if (authority !== undefined) return { invalid: 'it has several Host fields' };
    authority = rawHeaders[i + 1];
  }
  if (authority === undefined || parseAuthority(authority) === undefined) {
    return {
      invalid: authority === undefined ? 'it has no Host field' : 'its Host field is not a host name',
    };
  }
  if (url.startsWith('/') || url === '*') return { authority, target: url };
  // The absolute form. Its host counts, and one that contradicts the Host field is a trick.
  const absolute = URL.canParse(url) ? new URL(url) : undefined;
  if (absolute === undefined) return { invalid: 'its target is not a path' };
  if (parseAuthority(absolute.host)?.host !== parseAuthority(authority)?.host) {
    return { invalid: 'its target and its Host field name different hosts' };
  }
  return { authority, target: `${absolute.pathname}${absolute.search}` };
}

/** The exchange of an HTTP/1.1 request. Node's parser has already refused ambiguous framing. */
export function http1Exchange(request: IncomingMessage, response: ServerResponse): Exchange | InvalidRequest {
  const read = readHttp1Target(request);
  if ('invalid' in read) return read;

  const { headers } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  // Whoever reads the body leaves the rest of it when the answer comes early; the next request is behind it.
  if (hasBody) response.once('finish', () => request.complete || discard(request));

  return {
    method: request.method ?? 'GET',
    authority: read.authority,
    target: read.target,
    headers: request.rawHeaders,
    remoteAddress: peerAddress(request.socket.remoteAddress),
    body: hasBody ? request : undefined,
    get isGone() {
      return response.destroyed || request.socket.destroyed;
    },
    get hasBegun() {
      return response.headersSent;
    },
    begin(status, message, out) {
      if (message === undefined || message === '') response.writeHead(status, out);
      else response.writeHead(status, message, out);
      // The header goes with the first chunk when that is already here, and does not wait for it when it is not.
      process.nextTick(() => {
        if (!response.writableEnded && !response.destroyed) response.flushHeaders();
      });
    },
    write: (chunk) => response.write(chunk),
    drained: (listener) => void response.once('drain', listener),
    end(trailers = []) {
      if (trailers.length > 0) response.addTrailers(pairs(trailers));
      response.end();
    },
    cut: () => void response.destroy(),
    onGone(listener) {
      const closed = (): void => {
        if (!response.writableFinished) listener();
      };
      response.once('close', closed);
      return () => void response.off('close', closed);
    },
  };
}

/** Reads on to the end of a request, but not for ever. */
function discard(request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), DISCARD_MS);
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

const DISCARD_MS = 30_000;

function pairs(headers: RawHeaders): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2) out.push([headers[i] ?? '', headers[i + 1] ?? '']);
  return out;
}
