import type { Client } from 'undici';

export interface UpstreamOptions {
  /** How long the application may take to begin its answer, in milliseconds. */
  readonly responseTimeoutMs: number;
  /** Limit of the header of its answer. */
  readonly maxHeaderBytes: number;
}

/** Makes a connection to `address:port`, for one request at a time; it is opened with the first one. */
export type ConnectUpstream = (address: string) => Client;

/** Below the 5 s after which Node and others close an idle connection, so that we are first. */
const IDLE_MS = 4_000;
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Loads the HTTP client when the first request comes: it is a fifth of what an idle server would otherwise
 * need for the ingress.
 */
export function lazyUpstream(options: UpstreamOptions): () => Promise<ConnectUpstream> {
  let loading: Promise<ConnectUpstream> | undefined;
  return () => (loading ??= load(options));
}

async function load({ responseTimeoutMs, maxHeaderBytes }: UpstreamOptions): Promise<ConnectUpstream> {
  const undici = await import('undici');
  return (address) =>
    new undici.Client(`http://${address}`, {
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      // Backends that announce their timeout are believed, less this margin.
      keepAliveTimeoutThreshold: 1_000,
      keepAliveMaxTimeout: 60_000,
      headersTimeout: responseTimeoutMs,
      bodyTimeout: 0, // a stream may be silent for as long as it likes; the client's hanging up ends it
      maxHeaderSize: maxHeaderBytes,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
}
