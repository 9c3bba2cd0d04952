import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';
import { isLoopback } from './loopback.ts';

const MAX_REDIRECTS = 5;
const MAX_SOCKETS = 16;

export interface HttpTimeouts {
  /** Until there is a connection, TLS included. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is opened anew for every attempt. */
  readonly body?: Uint8Array | { readonly size: number; readonly open: () => Readable };
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly stream: http.IncomingMessage;
}

/** HTTP with kept connections, deadlines, and redirects that take no credentials to another host. */
export class Http {
  readonly #timeouts: HttpTimeouts;
  readonly #plain: http.Agent;
  readonly #tls: https.Agent;

  /** `ca`: PEM to be trusted besides the public ones. */
  constructor(timeouts: HttpTimeouts, ca: readonly string[]) {
    this.#timeouts = timeouts;
    const keep = { keepAlive: true, maxSockets: MAX_SOCKETS };
    this.#plain = new http.Agent(keep);
    this.#tls = new https.Agent(ca.length === 0 ? keep : { ...keep, ca: [...ca] });
  }

  /** Closes the kept connections; requests that are under way end. */
  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }

  /** One attempt, redirects followed. Any status is an answer; the caller reads or destroys its stream. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    let { url, headers = {} } = request;
    for (let redirects = 0; ; redirects++) {
      const stream = await this.#once({ ...request, url, headers });
      const status = stream.statusCode ?? 0;
      const next = redirectTarget(request, status, stream.headers.location, url);
      if (next === undefined) return { status, headers: stream.headers, url, stream };
      stream.destroy();
      if (redirects === MAX_REDIRECTS) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
      if (next.protocol !== 'https:' && !isLoopback(next.hostname))
        throw new Error(`redirected to ${next.origin}, which is not encrypted`);
      if (next.host !== url.host) headers = withoutCredentials(headers);
      url = next;
    }
  }

  /** Reads a body; fails when nothing comes for a while. Time that the reader takes does not count. */
  async *read(stream: http.IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
    let waiting = true;
    const { idleMs } = this.#timeouts;
    const timer = setTimeout(
      () => (waiting ? stream.destroy(new Error(`no data for ${idleMs} ms`)) : timer.refresh()),
      idleMs,
    );
    try {
      for await (const chunk of stream) {
        waiting = false;
        yield chunk as Buffer;
        waiting = true;
        timer.refresh();
      }
    } finally {
      clearTimeout(timer);
      stream.destroy();
    }
  }

  #once({ method, url, headers, body, signal }: HttpRequest): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const isTls = url.protocol === 'https:';
      const { connectMs, idleMs } = this.#timeouts;
      const request = (isTls ? https : http).request(url, {
        method,
        headers: { ...headers, ...lengthOf(body) },
        agent: isTls ? this.#tls : this.#plain,
        ...(signal === undefined ? {} : { signal }),
      });
      const connecting = setTimeout(
        () => request.destroy(new Error(`no connection within ${connectMs} ms`)),
        connectMs,
      );
      request.once('socket', (socket) => {
        if (!socket.connecting) clearTimeout(connecting);
        else socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
      });
      request.setTimeout(idleMs, () => request.destroy(new Error(`no answer for ${idleMs} ms`)));
      request.once('close', () => clearTimeout(connecting));
      request.once('response', (answer) => {
        request.setTimeout(0);
        answer.on('error', ignore); // it shows where the body is read; a body that nobody reads may fail
        resolve(answer);
      });
      request.on('error', reject);
      if (body === undefined || body instanceof Uint8Array) request.end(body);
      else pipeline(readable(body.open()), request, (error) => (error == null ? undefined : reject(error)));
    });
  }
}

/** The content of a body, whose own errors are told apart from those of the network. */
async function* readable(content: Readable): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of content) yield chunk as Buffer;
  } catch (error) {
    if (isEpinioError(error)) throw error;
    throw new EpinioError(
      'SOURCE_UNREADABLE',
      `The content to be sent could not be read: ${messageOf(error)}`,
      {
        fix: 'Check the disk and whether something else changes these files',
        cause: error,
      },
    );
  }
}

function redirectTarget(
  { method, body }: HttpRequest,
  status: number,
  location: string | undefined,
  from: URL,
): URL | undefined {
  if (location === undefined) return undefined;
  const isSafe = method === 'GET' || method === 'HEAD';
  const follows = isSafe ? [301, 302, 303, 307, 308].includes(status) : status === 307 || status === 308;
  return follows && (isSafe || body !== undefined || method === 'DELETE')
    ? new URL(location, from)
    : undefined;
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  );
}

function lengthOf(body: HttpRequest['body']): Record<string, string> {
  if (body === undefined) return {};
  return { 'content-length': String(body instanceof Uint8Array ? body.length : body.size) };
}

function ignore(): void {
  return;
}
