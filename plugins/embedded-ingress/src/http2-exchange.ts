import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Exchange, hasNoBody, type InvalidRequest, peerAddress } from './exchange.ts';
import { parseAuthority } from './host-name.ts';
import { headerOf, type RawHeaders } from './message-headers.ts';

/** The exchange of an HTTP/2 stream (RFC 9113, 8.3). */
export function http2Exchange(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: RawHeaders,
): Exchange | InvalidRequest {
  const { ':method': method = 'GET', ':path': target = '', host } = headers;
  const authority = headers[':authority'] ?? host;
  if (authority === undefined) return { invalid: 'it has no :authority' };
  const parsed = parseAuthority(authority);
  if (parsed === undefined) return { invalid: 'its :authority is not a host name' };
  if (host !== undefined && parseAuthority(host)?.host !== parsed.host) {
    return { invalid: 'its :authority and its host field name different hosts' };
  }
  if (!target.startsWith('/') && target !== '*') return { invalid: 'its :path is not a path' };

  const hasBody = !stream.endAfterHeaders;
  let isOver = false; // without a body, the answer ends with its header
  let trailers: RawHeaders = [];
  stream.on('wantTrailers', () => stream.sendTrailers(fields(trailers)));
  if (hasBody) {
    // An answer that came early: the client need not send the rest (RFC 9113, 8.1).
    stream.once('finish', () => stream.readableEnded || stream.close(constants.NGHTTP2_NO_ERROR));
  }

  return {
    method,
    authority,
    target,
    headers: rawHeaders,
    remoteAddress: peerAddress(stream.session?.socket.remoteAddress),
    body: hasBody ? stream : undefined,
    get isGone() {
      return stream.destroyed || stream.closed;
    },
    get hasBegun() {
      return stream.headersSent;
    },
    begin(status, _message, out) {
      isOver = hasNoBody(method, status);
      const waitForTrailers = !isOver && headerOf(out, 'trailer') !== undefined;
      stream.respond({ ...fields(out), ':status': status }, { endStream: isOver, waitForTrailers });
    },
    write: (chunk) => isOver || stream.write(chunk),
    drained: (listener) => void stream.once('drain', listener),
    end(last = []) {
      trailers = last;
      if (!isOver) stream.end();
    },
    cut: () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    onGone(listener) {
      const closed = (): void => {
        if (!stream.writableFinished || stream.aborted) listener();
      };
      stream.once('close', closed);
      return () => void stream.off('close', closed);
    },
  };
}

function fields(headers: RawHeaders): OutgoingHttpHeaders {
  const out: Record<string, string | string[]> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase();
    const value = headers[i + 1] ?? '';
    const known = out[name];
    if (known === undefined) out[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else out[name] = [known, value];
  }
  return out;
}
