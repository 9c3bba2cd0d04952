import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { type WebSocket, WebSocketServer } from 'ws';
import { messageOf } from '../kernel/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ApiEnv, SocketSession, UpgradeRequest } from './context.ts';

/** Clients send small control messages, nothing else. */
const MAX_MESSAGE = 64 * 1024;
const PING_MS = 30_000;
const NORMAL = 1000;
const GOING_AWAY = 1001;
const FAILED = 1011;

/** The open websockets of a server. */
export class Sockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
  });
  readonly #open = new Map<WebSocket, AbortController>();
  readonly #log: Log;
  #isClosing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Lets the routes look at an upgrade request as at any other: what they refuse is answered in plain HTTP, what they accept
   * becomes a websocket.
   */
  async upgrade(
    app: OpenAPIHono<ApiEnv>,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    socket.on('error', (error) => this.#log.debug('A connection broke off', { error: messageOf(error) }));
    try {
      const upgrade: UpgradeRequest = {};
      const response = await app.fetch(asFetchRequest(request), { incoming: request, upgrade });
      const { accept } = upgrade;
      if (accept === undefined || this.#isClosing) {
        await refuse(socket, response);
        return;
      }
      const onHeaders = (headers: string[], upgraded: IncomingMessage): void => {
        if (upgraded === request) headers.push(...headerLines(response, ['epinio-version', 'x-request-id']));
      };
      this.#server.on('headers', onHeaders);
      this.#server.handleUpgrade(request, socket, head, (client) => void this.#run(client, accept));
      this.#server.off('headers', onHeaders);
    } catch (error) {
      this.#log.error('An upgrade failed', { error: messageOf(error) });
      socket.destroy();
    }
  }

  /** Tells every client that the server goes away, and waits for them to go; cuts them off when the signal is aborted. */
  async close(signal: AbortSignal): Promise<void> {
    this.#isClosing = true;
    const gone = [...this.#open.keys()].map(
      (client) => new Promise<void>((resolve) => void client.once('close', () => resolve())),
    );
    for (const [client, abort] of this.#open) {
      client.close(GOING_AWAY, 'the server is stopping');
      abort.abort(new Error('the server is stopping'));
    }
    const cut = (): void => {
      for (const client of this.#open.keys()) client.terminate();
    };
    signal.addEventListener('abort', cut, { once: true });
    if (signal.aborted) cut();
    await Promise.all(gone);
    signal.removeEventListener('abort', cut);
    this.#server.close();
  }

  async #run(client: WebSocket, session: SocketSession): Promise<void> {
    const abort = new AbortController();
    this.#open.set(client, abort);
    client.on('error', (error) => this.#log.debug('A websocket broke', { error: messageOf(error) }));
    client.on('close', () => {
      this.#open.delete(client);
      abort.abort(new Error('the client has gone'));
    });
    const stopPings = keepAlive(client);
    try {
      await session(client, abort.signal);
      client.close(NORMAL);
    } catch (error) {
      if (!abort.signal.aborted) {
        this.#log.warn('A websocket ended with an error', { error: messageOf(error) });
        client.close(FAILED, 'internal error');
      }
    } finally {
      stopPings();
    }
  }
}

/** Finds clients that are gone without a word. */
function keepAlive(client: WebSocket): () => void {
  let isAlive = true;
  client.on('pong', () => (isAlive = true));
  const timer = setInterval(() => {
    if (!isAlive) {
      client.terminate();
      return;
    }
    isAlive = false;
    client.ping();
  }, PING_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function asFetchRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const [key, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(key, Array.isArray(value) ? value.join(', ') : value);
  }
  return new Request(`http://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`, { headers });
}

async function refuse(socket: Duplex, response: Response): Promise<void> {
  const status = response.status < 400 ? 503 : response.status;
  const body = Buffer.from(await response.arrayBuffer());
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    ...headerLines(
      response,
      [...response.headers.keys()].filter((key) => key !== 'content-length'),
    ),
    `Content-Length: ${body.length}`,
    'Connection: close',
  ].join('\r\n');
  socket.end(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]));
}

function headerLines(response: Response, keys: readonly string[]): string[] {
  return keys.flatMap((key) => {
    const value = response.headers.get(key);
    return value === null ? [] : [`${key}: ${value}`];
  });
}
