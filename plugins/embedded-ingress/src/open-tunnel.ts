import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';

/** How an attempt to upgrade a connection to an instance ended. */
export type TunnelOutcome =
  | {
      readonly result: 'switched';
      readonly response: IncomingMessage;
      readonly socket: Duplex;
      /** Bytes of the new protocol that came with the answer. */
      readonly head: Buffer;
    }
  /** An ordinary answer: the application did not want to. */
  | { readonly result: 'answered'; readonly response: IncomingMessage }
  | { readonly result: 'failed'; readonly error: Error; readonly wasSent: boolean };

export interface TunnelRequest {
  /** `address:port` of the instance. */
  readonly address: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks an instance to speak another protocol (RFC 9110, 7.8), on a connection of its own. */
export function openTunnel(tunnel: TunnelRequest): Promise<TunnelOutcome> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(`http://${tunnel.address}`);
    const upstream = request({
      agent: false,
      host: hostname.replace(/^\[|\]$/g, ''),
      port,
      method: tunnel.method,
      path: tunnel.target,
      headers: [...tunnel.headers],
      signal: tunnel.signal,
    });
    let wasSent = false;
    const timer = setTimeout(() => {
      upstream.destroy(Object.assign(new Error('no answer in time'), { code: 'UND_ERR_HEADERS_TIMEOUT' }));
    }, tunnel.timeoutMs);
    const end = (outcome: TunnelOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    upstream.once('socket', (socket) => {
      socket.once('connect', () => (wasSent = true));
    });
    upstream.once('upgrade', (response, socket, head) => end({ result: 'switched', response, socket, head }));
    upstream.once('response', (response) => end({ result: 'answered', response }));
    upstream.on('error', (error) => end({ result: 'failed', error, wasSent }));
    upstream.end();
  });
}

/** Joins two connections until both have ended, or either breaks. */
export function splice(one: Duplex, other: Duplex): void {
  const breakBoth = (): void => {
    one.destroy();
    other.destroy();
  };
  for (const side of [one, other]) {
    side.on('error', breakBoth);
    side.once('close', breakBoth);
  }
  one.pipe(other);
  other.pipe(one);
}
