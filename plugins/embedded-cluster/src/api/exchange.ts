import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { User } from '../auth/user.ts';
import type { Request } from '../registry/request.ts';
import type { StatusError } from '../status.ts';
import { badRequest, invalidObject, type Status } from '../status.ts';

const JSON_TYPE = 'application/json';
const MAX_MANAGER = 128;

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
  readonly user: User;
  /** Set while the client waits for another protocol; any answer refuses it. */
  readonly upgrade: Upgrade | undefined;
  readonly #warnings: string[] = [];

  constructor(incoming: IncomingMessage, response: ServerResponse, user: User, upgrade?: Upgrade) {
    this.incoming = incoming;
    this.response = response;
    this.user = user;
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

  /** The request as the registry takes it. Fails with 400 or 422 for wrong options. */
  registryRequest(options: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions'): Request {
    return {
      user: this.user.name,
      groups: this.user.groups,
      fieldManager: this.#fieldManager(options),
      fieldValidation: this.#fieldValidation(options),
      dryRun: isDryRun(this.query.getAll('dryRun'), options),
      internal: false,
      now: () => Date.now(),
      warn: (message) => this.warn(message),
    };
  }

  /** Goes with the answer as a Warning header; each once. */
  warn(message: string): void {
    if (!this.#warnings.includes(message)) this.#warnings.push(message);
  }

  /** Answers with JSON text. */
  send(status: number, json: string, contentType = JSON_TYPE): void {
    const text = this.flag('pretty') ? `${JSON.stringify(JSON.parse(json), null, 2)}\n` : json;
    this.response.writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-cache, private',
      ...this.warningHeaders(),
    });
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

  #fieldManager(options: string): string {
    const given = this.query.get('fieldManager') ?? '';
    if (given.length > MAX_MANAGER) {
      throw invalidOptions(
        options,
        'fieldManager',
        'FieldValueTooLong',
        `Too long: may not be more than ${MAX_MANAGER} bytes`,
      );
    }
    if (given !== '') return given;
    const agent = this.incoming.headers['user-agent'] ?? '';
    return (agent.split('/', 1)[0] ?? '').slice(0, MAX_MANAGER) || 'unknown';
  }

  #fieldValidation(options: string): Request['fieldValidation'] {
    const given = this.query.get('fieldValidation') ?? '';
    if (given === '' || given === 'Warn') return 'Warn';
    if (given === 'Strict' || given === 'Ignore') return given;
    throw invalidOptions(
      options,
      'fieldValidation',
      'FieldValueNotSupported',
      `Unsupported value: ${JSON.stringify(given)}: supported values: "Ignore", "Strict", "Warn"`,
    );
  }
}

const NO_QUERY = new URLSearchParams();

/** True for `dryRun=All`. Fails with 422 for anything else. */
export function isDryRun(values: readonly string[], options: string): boolean {
  const given = values.filter((value) => value !== '');
  const wrong = given.find((value) => value !== 'All');
  if (wrong !== undefined) {
    throw invalidOptions(
      options,
      'dryRun',
      'FieldValueNotSupported',
      `Unsupported value: ${JSON.stringify(given)}: supported values: "All"`,
    );
  }
  return given.length > 0;
}

function invalidOptions(
  kind: string,
  field: string,
  reason: 'FieldValueNotSupported' | 'FieldValueTooLong' | 'FieldValueRequired',
  message: string,
): StatusError {
  return invalidObject('meta.k8s.io', kind, '', [{ reason, field, message }]);
}

/** A header's quoted string: no control characters, quotes and backslashes escaped. */
function quoted(text: string): string {
  return `"${text.replace(/[\u0000-\u001f\u007f-\uffff]/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}
