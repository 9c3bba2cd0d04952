import { setMaxListeners } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { isEpinioError } from '../../kernel/errors.ts';
import { createBackoff } from '../../kube/backoff.ts';
import { kubeError } from '../../kube/kube-error.ts';
import { createAgent } from './agent.ts';
import { readFailure, readJson } from './answer.ts';
import { type Credentials, credentialsOf, type CredentialSource } from './credentials.ts';
import type { KubeContext } from './kubeconfig.ts';
import { isReset, unreachable } from './unreachable.ts';

/** From sending a request to the end of its answer; a stream's ends with its headers. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 5;
const MAX_RETRY_AFTER_MS = 10_000;
/** The kernel probes a silent connection after this, and finds a dead peer some ten seconds later. */
const TCP_KEEPALIVE_MS = 15_000;

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the server's address. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Carrying it out twice is the same as once, so it may be sent again when the connection broke. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

type Read<T> = (response: IncomingMessage) => Promise<T>;
/** An attempt that was not carried out; `retryAfterMs` says that it may be made again. */
interface Refusal {
  readonly error: unknown;
  readonly retryAfterMs?: number;
}

/** Speaks HTTP/1.1 to one API server over kept-alive connections, as one user. */
export class HttpClient {
  readonly #context: KubeContext;
  readonly #credentials: CredentialSource;
  readonly #timeoutMs: number;
  readonly #closed = new AbortController();
  /** What ends each request that is under way. */
  readonly #open = new Set<(reason: unknown) => void>();
  #pool: { readonly cert: unknown; readonly key: unknown; readonly agent: Promise<http.Agent> } | undefined;

  constructor(context: KubeContext, options: { readonly requestTimeoutMs?: number } = {}) {
    this.#context = context;
    this.#credentials = credentialsOf(context.user);
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  }

  /** The parsed body of a successful answer. */
  async json<T>(request: KubeRequest): Promise<T> {
    return await this.#send(request, readJson<T>);
  }

  /** A successful answer whose body the caller reads, or destroys, as it comes; there is no deadline on it. */
  async stream(request: KubeRequest): Promise<IncomingMessage> {
    return await this.#send(request, async (response) => response);
  }

  /** Ends every request and connection; later ones fail with the reason. */
  async close(reason: unknown): Promise<void> {
    this.#closed.abort(reason);
    for (const end of [...this.#open]) end(reason);
    (await this.#pool?.agent)?.destroy();
  }

  async #send<T>(request: KubeRequest, read: Read<T>): Promise<T> {
    const backoff = createBackoff({ baseMs: 50, maxMs: MAX_RETRY_AFTER_MS });
    const abandon = this.#abandonment(request.signal);
    const late = setTimeout(() => {
      const timeout = new Error(`no answer within ${this.#timeoutMs / 1000} s`);
      abandon.end(unreachable(this.#context.server, this.#context.name, timeout));
    }, this.#timeoutMs);
    let result: T | undefined;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await this.#attempt(request, read, abandon.signal, attempt);
        if ('value' in outcome) return (result = outcome.value);
        const { error, retryAfterMs } = outcome;
        if (attempt === MAX_ATTEMPTS || retryAfterMs === undefined) throw error;
        await delay(Math.max(backoff.next(), retryAfterMs), undefined, { signal: abandon.signal });
      }
    } catch (error) {
      // What was abandoned fails with the reason for that, not with the broken pipe it led to.
      throw abandon.signal.aborted ? abandon.signal.reason : error;
    } finally {
      clearTimeout(late);
      // A stream stays under the caller's signal and `close` until it ends.
      if (result instanceof http.IncomingMessage) result.once('close', abandon.release);
      else abandon.release();
    }
  }

  /** One signal for the caller's, the deadline and `close`; `AbortSignal.any` leaks on long-lived signals. */
  #abandonment(signal: AbortSignal | undefined): {
    signal: AbortSignal;
    end: (reason: unknown) => void;
    release: () => void;
  } {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const end = (reason: unknown): void => controller.abort(reason);
    const onAbort = (): void => end(signal?.reason);
    if (this.#closed.signal.aborted) end(this.#closed.signal.reason);
    else if (signal?.aborted === true) onAbort();
    if (signal !== undefined) setMaxListeners(0, signal);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#open.add(end);
    const release = (): void => {
      signal?.removeEventListener('abort', onAbort);
      this.#open.delete(end);
    };
    return { signal: controller.signal, end, release };
  }

  async #attempt<T>(
    request: KubeRequest,
    read: Read<T>,
    signal: AbortSignal,
    attempt: number,
  ): Promise<{ readonly value: T } | Refusal> {
    signal.throwIfAborted();
    const credentials = await this.#credentials.current();
    let response: IncomingMessage | undefined;
    try {
      response = await this.#exchange(request, credentials, signal);
      if ((response.statusCode ?? 0) >= 400) return await this.#refused(response, attempt);
      return { value: await read(response) };
    } catch (error) {
      response?.destroy();
      if (signal.aborted || isEpinioError(error)) throw error;
      const failure = unreachable(this.#context.server, this.#context.name, error);
      return request.repeatable && isReset(error) ? { error: failure, retryAfterMs: 0 } : { error: failure };
    }
  }

  async #exchange(
    request: KubeRequest,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { method, path, query = {}, body, contentType = 'application/json' } = request;
    const { server } = this.#context;
    const url = new URL(server.href.replace(/\/$/, '') + path);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept: 'application/json',
      'user-agent': 'epinio',
      // Not worth its time where there is no network, and it would hold back the events of a watch.
      ...(isLoopback(url.hostname) || query['watch'] === true ? {} : { 'accept-encoding': 'gzip' }),
      ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': payload.length }),
      ...credentials.headers,
    };
    const agent = await this.#agentFor(credentials);
    return await new Promise((resolve, reject) => {
      const send = url.protocol === 'http:' ? http.request : https.request;
      const outgoing = send(url, { method, headers, agent, signal });
      outgoing.once('response', resolve);
      outgoing.once('socket', (socket) => socket.setKeepAlive(true, TCP_KEEPALIVE_MS));
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  /** An answer that says no: the platform's error, and whether asking again can help. */
  async #refused(response: IncomingMessage, attempt: number): Promise<Refusal> {
    const failure = await readFailure(response);
    if (failure.code === 401) {
      const fix = `Log in to the cluster again, or check the user of context "${this.#context.name}" in the kubeconfig`;
      const error = kubeError(failure, { fix });
      return attempt === 1 && this.#credentials.renew() ? { error, retryAfterMs: 0 } : { error };
    }
    const retryAfter = response.headers['retry-after'];
    const isBusy = failure.code === 429 || (failure.code === 503 && retryAfter !== undefined);
    if (!isBusy) return { error: kubeError(failure) };
    const waitMs = Number(retryAfter) * 1000;
    return {
      error: kubeError(failure),
      retryAfterMs: Number.isFinite(waitMs) ? Math.min(waitMs, MAX_RETRY_AFTER_MS) : 0,
    };
  }

  /** One pool of connections, until the client certificate is another one. */
  async #agentFor(credentials: Credentials): Promise<http.Agent> {
    const { cert, key } = credentials;
    if (this.#pool === undefined || this.#pool.cert !== cert || this.#pool.key !== key) {
      this.#pool = { cert, key, agent: createAgent(this.#context, credentials) };
    }
    return await this.#pool.agent;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
