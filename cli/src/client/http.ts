import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { EpinioError, messageOf } from '@epinio/core';
import { UNTRUSTED } from './tls-trust.ts';
import { waysTo, type Way } from './ways.ts';

/** How to reach a server: what the settings and global flags say. */
export interface Connection {
  /** `https://epinio.example.com:8443` */
  readonly api: string;
  /** Of the same server, when it is on this machine. */
  readonly socket?: string | undefined;
  readonly user: string;
  readonly pass: string;
  /** PEM to trust beside the public authorities; empty for none. */
  readonly certs: string;
  readonly skipVerification: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpRequest {
  readonly method: string;
  /** Below the server's address, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  /** Milliseconds without a byte after which the request is given up; 0 waits for ever. */
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export function basicAuthorization({
  user,
  pass,
}: Pick<Connection, 'user' | 'pass'>): Record<string, string> {
  return user === ''
    ? {}
    : { authorization: `Basic ${Buffer.from(`${user}:${pass}`, 'utf8').toString('base64')}` };
}

/** The connection failed, and not what was to be sent. */
class ConnectionFailed extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}

/** HTTP with kept-alive connections to one server. */
export class HttpClient {
  readonly #connection: Connection;
  readonly #ways: Iterator<Way, undefined>;
  #way: Way | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#ways = waysTo(connection);
    this.#way = this.#ways.next().value;
  }

  /** Resolves for every status; fails with `SERVER_UNREACHABLE` or `SERVER_UNTRUSTED`. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const response = await this.open(request);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch (cause) {
      throw unreachable(this.#connection.api, cause);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  /** Like `send`, with the body left as a stream. */
  async open(request: HttpRequest): Promise<IncomingMessage> {
    for (;;) {
      const way = this.#way;
      if (way === undefined) throw unreachable(this.#connection.api, new Error('the connection is closed'));
      try {
        return await this.#open(way, request);
      } catch (error) {
        if (!(error instanceof ConnectionFailed)) throw error;
        const { cause } = error;
        if (request.signal.aborted) throw cause;
        const next = way.isClosed(codeOf(cause)) ? this.#ways.next().value : undefined;
        if (next === undefined) throw unreachable(this.#connection.api, cause);
        way.agent.destroy();
        this.#way = next;
      }
    }
  }

  #open(
    way: Way,
    { method, path, headers, body, idleTimeoutMs, signal }: HttpRequest,
  ): Promise<IncomingMessage> {
    const url = new URL(path, this.#connection.api);
    const options = {
      method,
      headers: {
        ...basicAuthorization(this.#connection),
        ...this.#connection.headers,
        ...headers,
        // Node.js frames the body of a DELETE only when it is told its length.
        ...(typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
      },
      agent: way.agent,
      signal,
      timeout: idleTimeoutMs,
    };
    return new Promise((resolve, reject) => {
      const outgoing = way.request(url, options);
      outgoing.on('response', resolve);
      outgoing.on('timeout', () => {
        outgoing.destroy(new Error(`no answer within ${String(idleTimeoutMs / 1000)} s`));
      });
      outgoing.on('error', (cause) => reject(new ConnectionFailed(cause)));
      if (body === undefined || typeof body === 'string') {
        outgoing.end(body);
      } else {
        sendStream(body, outgoing, way.connected, reject);
      }
    });
  }

  close(): void {
    this.#way?.agent.destroy();
  }
}

/** Sends a body over a connection that stands: one that is refused has taken nothing from it. */
function sendStream(
  body: Readable,
  outgoing: ClientRequest,
  connected: Way['connected'],
  fail: (cause: unknown) => void,
): void {
  body.on('error', (cause) => {
    fail(cause);
    outgoing.destroy();
  });
  const start = (): void => {
    // A server that answers before the end of the upload has refused it: stop reading the sources.
    outgoing.on('close', () => body.destroy());
    body.pipe(outgoing);
  };
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket) start();
    else socket.once(connected, start);
  });
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? '';
}

function unreachable(api: string, cause: unknown): EpinioError {
  const code = codeOf(cause);
  if (UNTRUSTED.test(code)) {
    return new EpinioError(
      'SERVER_UNTRUSTED',
      `The certificate of ${api} is not trusted (${messageOf(cause)})`,
      {
        cause,
        fix: `epinio login ${api}`,
        fault: 'system',
      },
    );
  }
  const local = /(^|[.:/])localhost(:|\/|$)/.test(api);
  return new EpinioError(
    'SERVER_UNREACHABLE',
    `The Epinio server ${api} does not answer (${code || messageOf(cause)})`,
    {
      cause,
      fix: local
        ? 'epinio start (with the --data-dir that it was installed with, if any)'
        : 'check the address with: epinio settings show',
      fault: 'system',
    },
  );
}
