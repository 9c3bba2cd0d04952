import { setTimeout as delay } from 'node:timers/promises';
import type { RegistryAuths } from '../contracts/registry.ts';
import { Authorizer } from './authorizer.ts';
import { Http, type HttpAnswer, type HttpRequest, type HttpTimeouts } from './http.ts';
import { isLoopback } from './loopback.ts';
import type { ImageReference } from './reference.ts';
import { answerError, unreachable } from './registry-error.ts';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;
const MAX_ERROR_BODY = 4096;
const TRY_AGAIN = [429, 502, 503, 504];

export interface SessionOptions {
  readonly auths: RegistryAuths;
  readonly ca: readonly string[];
  readonly timeouts: HttpTimeouts;
}

export interface RegistryRequest extends Omit<HttpRequest, 'url'> {
  /** Below `/v2/<repository>/`, or a whole URL that the registry gave. */
  readonly path: string | URL;
  /** For messages: "push blob sha256:…". */
  readonly what: string;
  /** Statuses that are answers; any other is an error. */
  readonly expect: readonly number[];
  readonly actions: 'pull' | 'pull,push' | 'delete' | '*';
  /** Once, where the same request again would not do the same. Default: several times, while the network fails. */
  readonly attempts?: number;
  /** Further repositories to be read from. */
  readonly alsoPull?: string | undefined;
  /** Whether a refusal with this body may pass; default: none does. */
  readonly mayPass?: (body: string) => boolean;
}

/** Requests to registries with authentication, retries and errors that say what was wanted. */
export class Session {
  readonly http: Http;
  readonly #authorizer: Authorizer;
  readonly #hasCa: boolean;
  readonly #closed = new AbortController();

  constructor({ auths, ca, timeouts }: SessionOptions) {
    this.http = new Http(timeouts, ca);
    this.#authorizer = new Authorizer(this.http, auths);
    this.#hasCa = ca.length > 0;
  }

  /** Ends the connections, and the pauses before another attempt. */
  close(): void {
    this.#closed.abort(new Error('the client was closed'));
    this.http.close();
  }

  /** Resolves with an answer of an expected status; the caller reads or destroys its stream. */
  async request(image: ImageReference, request: RegistryRequest): Promise<HttpAnswer> {
    const { registry } = image;
    const { what, signal, attempts = ATTEMPTS } = request;
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === attempts;
      try {
        this.#closed.signal.throwIfAborted();
        const answer = await this.#authorized(image, request);
        if (request.expect.includes(answer.status)) return answer;
        const body = await this.#errorBody(answer);
        if (isLast || !(TRY_AGAIN.includes(answer.status) || request.mayPass?.(body) === true))
          throw answerError(registry, what, { status: answer.status, body });
        await this.#pause(attempt, answer.headers['retry-after'], signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (isLast || !isPassing(error)) throw unreachable(registry, what, error);
        await this.#pause(attempt, undefined, signal);
      }
    }
  }

  /** Where the API of the registry is: plain HTTP on this machine only, and there unless a CA was given. */
  url(image: ImageReference, path: string): URL {
    const host = image.registry === 'docker.io' ? 'registry-1.docker.io' : image.registry;
    const isPlain = !this.#hasCa && isLoopback(new URL(`https://${host}`).hostname);
    return new URL(`${isPlain ? 'http' : 'https'}://${host}/v2/${image.repository}/${path}`);
  }

  async #authorized(image: ImageReference, request: RegistryRequest): Promise<HttpAnswer> {
    const { registry, repository } = image;
    const url = request.path instanceof URL ? request.path : this.url(image, request.path);
    const isHome = url.host === this.url(image, '').host; // an upload may go elsewhere, without our credentials
    const scopes = [`repository:${repository}:${request.actions}`];
    if (request.alsoPull !== undefined) scopes.push(`repository:${request.alsoPull}:pull`);
    for (let attempt = 1; ; attempt++) {
      const authorization = isHome ? this.#authorizer.header(registry, scopes) : undefined;
      const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
      const answer = await this.http.send({ ...request, url, headers });
      const challenge = answer.headers['www-authenticate'];
      if (answer.status !== 401 || challenge === undefined || !isHome || attempt === 3) return answer;
      if (authorization?.startsWith('Basic ') === true) return answer; // the same again would be refused again
      this.#authorizer.forget(registry, scopes);
      if (!(await this.#authorizer.answer(registry, scopes, challenge, request.signal))) return answer;
      answer.stream.resume();
    }
  }

  async #pause(
    attempt: number,
    retryAfter: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const wished = retryAfter === undefined ? NaN : Number(retryAfter) * 1000;
    const ms = Math.min(Number.isFinite(wished) ? wished : FIRST_PAUSE_MS * 4 ** (attempt - 1), MAX_PAUSE_MS);
    const { signal: closed } = this.#closed;
    const ended = signal === undefined ? closed : AbortSignal.any([signal, closed]);
    await delay(ms, undefined, { signal: ended }).catch(() => undefined); // the reason is better than its error
    ended.throwIfAborted();
  }

  async #errorBody({ stream }: HttpAnswer): Promise<string> {
    let body = '';
    try {
      for await (const chunk of this.http.read(stream)) {
        body += chunk.toString();
        if (body.length > MAX_ERROR_BODY) break;
      }
    } catch {
      // The status says enough; a body that breaks off only adds to it.
    }
    return body;
  }
}

/** Errors of the network, not of what was asked. */
function isPassing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|HPE_)/.test(
    code,
  );
}
