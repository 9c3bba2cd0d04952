import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { Readable } from 'node:stream';
import { EpinioError, messageOf } from '@epinio/core';

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

/** TLS options that trust the platform's authority beside the public ones. */
export function tlsOptions(connection: Pick<Connection, 'certs' | 'skipVerification'>): {
  ca?: string[];
  rejectUnauthorized: boolean;
} {
  return {
    ...(connection.certs === '' ? {} : { ca: [...rootCertificates, connection.certs] }),
    rejectUnauthorized: !connection.skipVerification,
  };
}

export function basicAuthorization({
  user,
  pass,
}: Pick<Connection, 'user' | 'pass'>): Record<string, string> {
  return user === ''
    ? {}
    : { authorization: `Basic ${Buffer.from(`${user}:${pass}`, 'utf8').toString('base64')}` };
}

/** HTTP with kept-alive connections to one server. */
export class HttpClient {
  readonly #connection: Connection;
  readonly #agent: Agent;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#agent = new Agent({ keepAlive: true, ...tlsOptions(connection) });
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
  open({ method, path, headers, body, idleTimeoutMs, signal }: HttpRequest): Promise<IncomingMessage> {
    const { api } = this.#connection;
    const url = new URL(path, api);
    const options = {
      method,
      headers: { ...basicAuthorization(this.#connection), ...this.#connection.headers, ...headers },
      lookup: lookup as never,
      signal,
      timeout: idleTimeoutMs,
    };
    return new Promise((resolve, reject) => {
      const outgoing: ClientRequest =
        url.protocol === 'http:'
          ? httpRequest(url, options)
          : httpsRequest(url, { ...options, agent: this.#agent });
      let answered = false;
      outgoing.on('response', (response) => {
        answered = true;
        resolve(response);
      });
      outgoing.on('timeout', () => {
        outgoing.destroy(new Error(`no answer within ${String(idleTimeoutMs / 1000)} s`));
      });
      outgoing.on('error', (cause) => {
        reject(signal.aborted ? cause : unreachable(api, cause));
      });
      if (body === undefined || typeof body === 'string') {
        outgoing.end(body);
      } else {
        body.on('error', (cause) => {
          reject(cause);
          outgoing.destroy();
        });
        outgoing.on('close', () => {
          // A server that answers before the end of the upload has refused it: stop reading the sources.
          if (answered || outgoing.destroyed) body.destroy();
        });
        body.pipe(outgoing);
      }
    });
  }

  close(): void {
    this.#agent.destroy();
  }
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
