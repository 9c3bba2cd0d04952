import { type ClientSide, forwardedHeaders, isForwardingClaim } from './forwarded-headers.ts';

/** Header fields as Node gives and takes them: name, value, name, value. */
export type RawHeaders = readonly string[];

/** Fields that belong to one connection and are never passed on (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'transfer-encoding',
  'te',
  'upgrade',
  'http2-settings',
]);

/**
 * The header of a request as it goes to an application: without what belongs to the client's connection,
 * with X-Forwarded-*. `Expect` is left out because the client's `100 Continue` was answered here.
 */
export function requestHeaders(headers: RawHeaders, client: ClientSide, isTrusted: boolean): string[] {
  const dropped = namedInConnection(headers);
  const claimed = new Map<string, string>();
  const out = ['Host', client.authority];
  const cookies: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host' || lower === 'expect' || name.startsWith(':')) continue;
    if (isForwardingClaim(lower)) {
      const before = claimed.get(lower);
      claimed.set(lower, before === undefined ? value : `${before}, ${value}`);
    } else if (lower === 'te') {
      if (/\btrailers\b/i.test(value)) out.push('TE', 'trailers');
    } else if (lower === 'cookie') {
      cookies.push(value); // HTTP/2 may split it; HTTP/1.1 has one (RFC 9113, 8.2.3)
    } else if (!HOP_BY_HOP.has(lower) && dropped?.has(lower) !== true) {
      out.push(name, value);
    }
  }
  if (cookies.length > 0) out.push('Cookie', cookies.join('; '));
  out.push(...forwardedHeaders(client, claimed, isTrusted));
  return out;
}

/** The header of a response as it goes to the client: without what belongs to the application's connection. */
export function responseHeaders(headers: RawHeaders): string[] {
  const dropped = namedInConnection(headers);
  const out: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && dropped?.has(lower) !== true) out.push(name, headers[i + 1] ?? '');
  }
  return out;
}

/** The fields of an HTTP/2 header block where Node gives them only by name. */
export function rawHeadersOf(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [name, one]),
  );
}

/** The value of a field, in lower-case name; the first when there are several. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === name) return headers[i + 1];
  }
  return undefined;
}

/** Fields that `Connection` names as belonging to this connection; those that frame a message never do. */
function namedInConnection(headers: RawHeaders): Set<string> | undefined {
  let names: Set<string> | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== 'connection') continue;
    for (const option of (headers[i + 1] ?? '').split(',')) {
      const name = option.trim().toLowerCase();
      if (name !== '' && !PROTECTED.has(name)) (names ??= new Set()).add(name);
    }
  }
  return names;
}

/** A client that lists these in `Connection` tries to have them removed on the way (a known attack). */
const PROTECTED = new Set([
  'close',
  'keep-alive',
  'host',
  'content-length',
  'content-type',
  'cookie',
  'authorization',
]);
