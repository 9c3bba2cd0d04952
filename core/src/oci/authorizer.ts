import { text } from 'node:stream/consumers';
import type { RegistryAuths } from '../contracts/registry.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { Http } from './http.ts';
import { isLoopback } from './loopback.ts';
import { answerError, corrupt } from './registry-error.ts';

/** The names under which Docker's own tools keep the credentials for Docker Hub. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io'];
const DEFAULT_EXPIRY_SECONDS = 60; // the token specification's default
const EXPIRY_MARGIN_MS = 10_000;

interface Ticket {
  readonly header: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Answers challenges of registries: Basic, and Bearer with a token fetched from the realm (the CNCF
 * Distribution token specification). What was obtained is sent along until it expires.
 */
export class Authorizer {
  readonly #http: Http;
  readonly #auths: RegistryAuths;
  /** By registry and scope. */
  readonly #tickets = new Map<string, Ticket>();

  constructor(http: Http, auths: RegistryAuths) {
    this.#http = http;
    this.#auths = auths;
  }

  /** The Authorization header to begin with; undefined when none is known yet. */
  header(registry: string, scopes: readonly string[]): string | undefined {
    const ticket = this.#tickets.get(key(registry, scopes)) ?? this.#tickets.get(key(registry, []));
    return ticket !== undefined && ticket.until > Date.now() ? ticket.header : undefined;
  }

  /**
   * Takes up the challenge of a 401.
   * @returns false when there is nothing to answer it with.
   */
  async answer(
    registry: string,
    scopes: readonly string[],
    challenge: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const login = this.#login(registry);
    const challenges = parseChallenges(challenge);
    const bearer = challenges.find(
      ({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined,
    );
    if (bearer !== undefined) {
      this.#tickets.set(key(registry, scopes), await this.#token(registry, bearer, scopes, login, signal));
      return true;
    }
    if (login === undefined || !challenges.some(({ scheme }) => scheme === 'basic')) return false;
    this.#tickets.set(key(registry, []), { header: login, until: Infinity });
    return true;
  }

  /** Drops what was refused. */
  forget(registry: string, scopes: readonly string[]): void {
    this.#tickets.delete(key(registry, scopes));
    this.#tickets.delete(key(registry, []));
  }

  /** The header of Basic authentication; undefined without credentials for the registry. */
  #login(registry: string): string | undefined {
    const names =
      registry === 'docker.io' ? DOCKER_HUB : [registry, `https://${registry}`, `https://${registry}/`];
    for (const name of names) {
      const login = Object.hasOwn(this.#auths, name) ? this.#auths[name] : undefined;
      if (login !== undefined)
        return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    }
    return undefined;
  }

  async #token(
    registry: string,
    { parameters }: Challenge,
    scopes: readonly string[],
    login: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Ticket> {
    const url = new URL(parameters['realm'] ?? '');
    const what = 'get a token';
    if (url.protocol !== 'https:' && !isLoopback(url.hostname)) {
      throw corrupt(registry, what, `its token server ${url.origin} is not encrypted`);
    }
    if (parameters['service'] !== undefined) url.searchParams.set('service', parameters['service']);
    const asked = new Set([...(parameters['scope']?.split(' ') ?? []), ...scopes]);
    for (const scope of asked) url.searchParams.append('scope', scope);
    const headers = login === undefined ? {} : { authorization: login };
    const { status, stream } = await this.#http.send({ method: 'GET', url, headers, signal });
    const body = await text(this.#http.read(stream));
    if (status !== 200) throw answerError(registry, what, { status, body });
    return readToken(registry, body);
  }
}

function readToken(registry: string, body: string): Ticket {
  const answer = parseJson(body) as
    { token?: unknown; access_token?: unknown; expires_in?: unknown } | undefined;
  const token = answer?.token ?? answer?.access_token;
  if (typeof token !== 'string') throw corrupt(registry, 'get a token', 'its token server gave none');
  const seconds = typeof answer?.expires_in === 'number' ? answer.expires_in : DEFAULT_EXPIRY_SECONDS;
  return { header: `Bearer ${token}`, until: Date.now() + seconds * 1000 - EXPIRY_MARGIN_MS };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what is missing
  }
}

function key(registry: string, scopes: readonly string[]): string {
  return [registry, ...scopes].join(' ');
}
