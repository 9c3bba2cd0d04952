import type { Readable } from 'node:stream';
import type { RawHeaders } from './message-headers.ts';

/** One request and its answer, whatever version of HTTP the client speaks. */
export interface Exchange {
  readonly method: string;
  /** As the client wrote it; a valid authority. */
  readonly authority: string;
  /** Path and query: begins with a slash, or is "*". */
  readonly target: string;
  readonly headers: RawHeaders;
  /** IP address of the peer. */
  readonly remoteAddress: string;
  /** undefined when the request has none. */
  readonly body: Readable | undefined;
  /** The client has hung up. */
  readonly isGone: boolean;
  /** The answer's header is on its way; nothing but its rest can be sent now. */
  readonly hasBegun: boolean;
  /**
   * Begins the answer. Throws when a field cannot be sent; then nothing was.
   * @param headers without the fields of a connection
   */
  begin(status: number, message: string | undefined, headers: string[]): void;
  /** @returns false when the client is slower than we are: go on when `drained` calls. */
  write(chunk: Buffer): boolean;
  drained(listener: () => void): void;
  end(trailers?: RawHeaders): void;
  /** Breaks the answer off in such a way that the client can tell that it is not whole. */
  cut(): void;
  /** Calls back when the client hangs up before the answer is sent. @returns what ends the subscription. */
  onGone(listener: () => void): () => void;
}

/** A request that cannot be routed, because it is not a valid one. */
export interface InvalidRequest {
  readonly invalid: string;
}

/** The address of a peer, IPv4 in its own form also on a socket that serves IPv6 too. */
export function peerAddress(address: string | undefined): string {
  const text = address ?? '';
  return text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text;
}

/** True when an answer of this kind has no body (RFC 9110, 6.4.1). */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}
