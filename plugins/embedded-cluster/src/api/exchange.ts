import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ANONYMOUS, type User } from '../auth/user.ts';
import type { StatusError } from '../status.ts';
import { badRequest, type Status } from '../status.ts';
import { negotiate, PLAIN, type MediaType } from './media-type.ts';
import type * as Yaml from './yaml.ts';

const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';
/** Programs that people look at: they get indented answers. */
const HUMAN_AGENT = /^(curl|Wget|Mozilla\/5\.0)/;

/** A connection whose client asks for another protocol on it, with what it has sent already. */
export interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** One HTTP request and its answer, in the API's terms. */
export class Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Who is asking: nobody, until that was found out. */
  user: User = ANONYMOUS;
  /** Set while the client waits for another protocol; any answer refuses it. */
  readonly upgrade: Upgrade | undefined;
  readonly #warnings: string[] = [];
  /** What was wrong with the text of the body that its value does not show: fields that it has twice. */
  readonly bodyProblems: string[] = [];
  #media: MediaType = PLAIN;
  #yaml: typeof Yaml | undefined;

  constructor(incoming: IncomingMessage, response: ServerResponse, upgrade?: Upgrade) {
    this.incoming = incoming;
    this.response = response;
    this.upgrade = upgrade;
    const url = incoming.url ?? '/';
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
  }

  get method(): string {
    return this.incoming.method ?? 'GET';
  }

  /** What the Accept header asks for. */
  get accept(): string {
    return this.incoming.headers.accept ?? '';
  }

  /** How the answer is to be written: JSON until `negotiate` was called. */
  get media(): MediaType {
    return this.#media;
  }

  /** Chooses how the answer is written, before anything is done. Fails with 406. */
  negotiate(verb: string): void {
    this.#media = negotiate(this.accept, {
      objects: true,
      stream: verb === 'watch',
      streamable: verb === 'watch' || verb === 'list',
    });
  }

  /** Has what answers in YAML need at hand. */
  async loadYaml(): Promise<void> {
    this.#yaml = await import('./yaml.ts');
  }

  /** The media type of the body, without parameters. */
  get contentType(): string {
    return (this.incoming.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  }

  /** A flag of the query: "1", "true" or no value at all. */
  flag(name: string): boolean {
    const value = this.query.get(name);
    return value !== null && value !== 'false' && value !== '0';
  }

  /** A whole number of the query. Fails with 400. */
  number(name: string): number | undefined {
    const value = this.query.get(name);
    if (value === null || value === '') return undefined;
    if (!/^-?\d{1,15}$/.test(value)) {
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    return Number(value);
  }

  /** The name of the program that asks, as its User-Agent begins. */
  get agent(): string {
    return (this.incoming.headers['user-agent'] ?? '').split('/', 1)[0] ?? '';
  }

  /** Goes with the answer as a Warning header; each once. */
  warn(message: string): void {
    if (!this.#warnings.includes(message)) this.#warnings.push(message);
  }

  /** Answers with JSON text, or with what it says in the format that the client wants. */
  send(status: number, json: string, contentType = JSON_TYPE): void {
    if (this.#media.format === 'yaml' && this.#yaml !== undefined) {
      this.#write(status, this.#yaml.yamlText(JSON.parse(json)), YAML_TYPE);
      return;
    }
    this.#write(status, this.#pretty ? JSON.stringify(JSON.parse(json), null, 2) : `${json}\n`, contentType);
  }

  get #pretty(): boolean {
    const asked = this.query.get('pretty') ?? '';
    if (asked !== '') return /^(1|t|true)$/i.test(asked);
    return this.#media.pretty || HUMAN_AGENT.test(this.incoming.headers['user-agent'] ?? '');
  }

  #write(status: number, text: string, contentType: string): void {
    this.response.writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-cache, private',
      ...this.warningHeaders(),
    });
    this.response.end(text);
  }

  /**
   * Answers with JSON that clients keep: whoever has this very text already is told so alone (304).
   * @param hash of the text, in hexadecimal
   */
  sendKept(json: string, hash: string, headers: Readonly<Record<string, string>>): void {
    const etag = `"${hash}"`;
    const common = { etag, vary: 'Accept', ...headers };
    const known = (this.incoming.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
    if (known.includes(etag) || known.includes('*')) {
      const { 'content-type': _type, ...rest } = { 'content-type': '', ...common };
      this.response.writeHead(304, rest);
      this.response.end();
      return;
    }
    const text = `${json}\n`;
    const length = Buffer.byteLength(text);
    this.response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': length, ...common });
    this.response.end(text);
  }

  /** Answers with a refusal; anything that is none becomes a 500 without detail. */
  refuse(error: StatusError): void {
    if (this.response.headersSent) {
      this.response.destroy();
      return;
    }
    const retry = error.details?.retryAfterSeconds;
    if (retry !== undefined) this.response.setHeader('retry-after', retry);
    if (!this.incoming.complete) this.response.setHeader('connection', 'close'); // the rest of a body is not read
    this.#media = plainMedia(this.accept);
    this.sendObject(error.code, error.body);
  }

  sendObject(status: number, object: Status | object): void {
    this.send(status, JSON.stringify(object));
  }

  sendText(status: number, text: string): void {
    this.sendBytes(status, Buffer.from(text), 'text/plain; charset=utf-8');
  }

  sendBytes(status: number, bytes: Buffer, contentType: string): void {
    this.response.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
    this.response.end(bytes);
  }

  warningHeaders(): Readonly<Record<string, string[]>> {
    if (this.#warnings.length === 0) return {};
    return { warning: this.#warnings.map((message) => `299 - ${quoted(message)}`) };
  }
}

/** A refusal is never a table; who takes nothing that there is gets JSON. */
function plainMedia(accept: string): MediaType {
  try {
    return negotiate(accept, { objects: false });
  } catch {
    return PLAIN;
  }
}

const NO_QUERY = new URLSearchParams();

/** A header's quoted string: no control characters, quotes and backslashes escaped. */
function quoted(text: string): string {
  return `"${text.replace(/[\u0000-\u001f\u007f-\uffff]/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}
