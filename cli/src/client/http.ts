import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { Readable } from 'node:stream';
import { EpinioError, hasCode, messageOf } from '@epinio/core';

/** How to reach a server: what the settings and global flags say. */
export interface Connection {
  /** `https://epinio.example.com:8443` */
  readonly api: string;
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

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Resolves names under `.localhost` to loopback itself (RFC 6761), since not every system does. */
export function lookup(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  if (hostname !== 'localhost' && !hostname.endsWith('.localhost')) {
    systemLookup(hostname, options, callback);
  } else if (options.all === true) {
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  } else {
    callback(null, '127.0.0.1', 4);
  }
}

type Trust = Pick<Connection, 'certs' | 'skipVerification'>;

/** TLS options that trust the platform's authority beside the public ones. */
export function tlsOptions({ certs, skipVerification }: Trust): TlsOptions {
  return {
    ...(certs === '' ? {} : { ca: [...rootCertificates, certs] }),
    rejectUnauthorized: !skipVerification,
  };
}

interface TlsOptions {
  readonly ca?: string[];
  readonly rejectUnauthorized: boolean;
}

/** TLS options that trust the platform's authority alone; undefined when it has none of its own. */
function ownTlsOptions({ certs, skipVerification }: Trust): TlsOptions | undefined {
  return certs === '' ? undefined : { ca: [certs], rejectUnauthorized: !skipVerification };
}

export function basicAuthorization({
  user,
  pass,
}: Pick<Connection, 'user' | 'pass'>): Record<string, string> {
  return user === ''
    ? {}
    : { authorization: `Basic ${Buffer.from(`${user}:${pass}`, 'utf8').toString('base64')}` };
}

/**
 * HTTP with kept-alive connections to one server. Its own authority is tried first: to read the public ones
 * takes longer than all else that a short command does.
 */
export class HttpClient {
  readonly #connection: Connection;
  #agent: Agent;
  #trustsAll: boolean;

  constructor(connection: Connection) {
    this.#connection = connection;
    const own = ownTlsOptions(connection);
    this.#trustsAll = own === undefined;
    this.#agent = new Agent({ keepAlive: true, ...(own ?? tlsOptions(connection)) });
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
    try {
      return await this.#open(request);
    } catch (error) {
      if (this.#trustsAll || !hasCode(error, 'SERVER_UNTRUSTED')) throw error;
      this.#trustsAll = true;
      this.#agent = new Agent({ keepAlive: true, ...tlsOptions(this.#connection) });
      return await this.#open(request);
    }
  }

  #open({ method, path, headers, body, idleTimeoutMs, signal }: HttpRequest): Promise<IncomingMessage> {
    const { api } = this.#connection;
    const url = new URL(path, api);
    const options = {
      method,
      headers: {
        ...basicAuthorization(this.#connection),
        ...this.#connection.headers,
        ...headers,
        // Node.js frames the body of a DELETE only when it is told its length.
        ...(typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
      },
      lookup: lookup as never,
      signal,
      timeout: idleTimeoutMs,
    };
    return new Promise((resolve, reject) => {
      const outgoing: ClientRequest =
        url.protocol === 'http:'
          ? httpRequest(url, options)
          : httpsRequest(url, { ...options, agent: this.#agent });
      outgoing.on('response', resolve);
      outgoing.on('timeout', () => {
        outgoing.destroy(new Error(`no answer within ${String(idleTimeoutMs / 1000)} s`));
      });
      outgoing.on('error', (cause) => {
        reject(signal.aborted ? cause : unreachable(api, cause));
      });
      if (body === undefined || typeof body === 'string') {
        outgoing.end(body);
      } else {
        sendStream(body, outgoing, reject);
      }
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends a body over a connection that stands: one that is refused has taken nothing from it. */
function sendStream(body: Readable, outgoing: ClientRequest, fail: (cause: unknown) => void): void {
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
    if (outgoing.reusedSocket || outgoing.protocol === 'http:') start();
    else socket.once('secureConnect', start);
  });
}

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|DEPTH_ZERO|ALTNAME/;

function unreachable(api: string, cause: unknown): EpinioError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
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
      fix: local ? 'epinio start' : 'check the address with: epinio settings show',
      fault: 'system',
    },
  );
}
