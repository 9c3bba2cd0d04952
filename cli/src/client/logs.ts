import { connect } from 'node:net';
import { EpinioError } from '@epinio/core';
import type { Connection } from './http.ts';
import { lookup, tlsOptions } from './tls-trust.ts';
import type { LogFrame } from './models.ts';

/**
 * Reads a log websocket line by line until the server closes it. Fails with `LOGS_UNAVAILABLE` and the
 * server's words when it refuses, and with `LOGS_INTERRUPTED` when the connection breaks.
 */
export async function* readLogs(
  connection: Connection & { readonly wss: string },
  path: string,
  token: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<LogFrame> {
  const { WebSocket, createWebSocketStream } = await import('ws');
  const { socket: local, wss } = connection;
  // Over the socket of a platform on this machine there is nothing to encrypt.
  const url = new URL(`/wapi/v1${path}`, local === undefined ? wss : wss.replace(/^wss:/, 'ws:'));
  for (const [key, value] of Object.entries({ authtoken: token, ...query })) url.searchParams.set(key, value);
  const socket = new WebSocket(url, {
    ...(local === undefined
      ? { ...tlsOptions(connection), lookup }
      : { createConnection: () => connect({ path: local }) }),
    headers: connection.headers,
    handshakeTimeout: 30_000,
  });
  const refused = new Promise<never>((_resolve, reject) => {
    socket.on('unexpected-response', (request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('end', () => {
        request.destroy();
        reject(
          new EpinioError('LOGS_UNAVAILABLE', titleOf(text) ?? `logs: status ${String(response.statusCode)}`),
        );
      });
    });
  });
  refused.catch(() => undefined); // told below, through the race
  const stop = (): void => socket.close(1000);
  signal.addEventListener('abort', stop, { once: true });
  const stream = createWebSocketStream(socket, { readableObjectMode: true, decodeStrings: false });
  const frames = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  try {
    for (;;) {
      const next = await Promise.race([frames.next(), refused]);
      if (next.done === true) return;
      yield JSON.parse(String(next.value)) as LogFrame;
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof EpinioError) throw error;
    throw new EpinioError('LOGS_INTERRUPTED', 'The log stream broke off', { cause: error, fault: 'system' });
  } finally {
    signal.removeEventListener('abort', stop);
    socket.terminate();
  }
}

function titleOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { errors?: { title?: string }[] }).errors?.[0]?.title;
  } catch {
    return undefined; // not the server's envelope
  }
}
