import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { FakeLog } from '@epinio/core/testkit';
import { parse } from 'yaml';
import { startApi, type RunningApi } from '../start-api.ts';

/** What tests look at in answers. */
export interface Body {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly gitVersion?: string;
  readonly metadata: {
    readonly name?: string;
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: unknown;
  readonly items?: readonly Body[];
  readonly columnDefinitions?: unknown;
  readonly paths?: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  readonly components?: { readonly schemas: Readonly<Record<string, unknown>> };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The answer as JSON; empty when it is neither that nor YAML. */
  readonly body: Body;
}

export interface Call {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of an API server: HTTPS and JSON, nothing more. */
export class ApiClient implements Disposable {
  readonly #base: string;
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    base: string,
    options: { ca?: Buffer; cert?: Buffer; key?: Buffer; rejectUnauthorized?: boolean },
    token?: string,
  ) {
    this.#base = base;
    this.#agent = new Agent({ keepAlive: true, ...options });
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** A client with the credentials of a kubeconfig of ours. */
  static fromKubeconfig(file: string): ApiClient {
    const kubeconfig = readFileSync(file, 'utf8');
    const field = (name: string): Buffer =>
      Buffer.from(new RegExp(`${name}: (\\S+)`).exec(kubeconfig)?.[1] ?? '', 'base64');
    const server = /server: (\S+)/.exec(kubeconfig)?.[1] ?? '';
    return new ApiClient(server, {
      ca: field('certificate-authority-data'),
      cert: field('client-certificate-data'),
      key: field('client-key-data'),
    });
  }

  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const response = await this.open(method, path, call);
    const answer = await text(response);
    const body = bodyOf(response.headers['content-type'] ?? '', answer);
    return { status: response.statusCode ?? 0, headers: response.headers, text: answer, body };
  }

  open(
    method: string,
    path: string,
    { body, contentType = 'application/json', headers = {} }: Call = {},
  ): Promise<IncomingMessage> {
    const bytes =
      body === undefined
        ? undefined
        : Buffer.isBuffer(body) || typeof body === 'string'
          ? Buffer.from(body)
          : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.#base}${path}`,
        {
          method,
          agent: this.#agent,
          headers: {
            'user-agent': 'test/1',
            ...this.#headers,
            ...(bytes === undefined ? {} : { 'content-type': contentType, 'content-length': bytes.length }),
            ...headers,
          },
        },
        resolve,
      );
      sent.once('error', reject);
      sent.end(bytes);
    });
  }

  /** The events of a watch, one after the other; ends when the server ends it. */
  async *watch(path: string): AsyncGenerator<WatchLine> {
    const response = await this.open('GET', path);
    if (response.statusCode !== 200) throw new Error(`${response.statusCode ?? 0} ${await text(response)}`);
    try {
      for await (const line of createInterface({ input: response })) yield JSON.parse(line) as WatchLine;
    } finally {
      response.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function bodyOf(type: string, text: string): Body {
  if (text !== '' && type.startsWith('application/json')) return JSON.parse(text) as Body;
  return (type.startsWith('application/yaml') ? parse(text) : { metadata: {} }) as Body;
}

export interface WatchLine {
  readonly type: string;
  readonly object: Body;
}

/** The API alone, without controllers and node, in a folder of its own. */
export class TestApi implements AsyncDisposable {
  readonly directory: string;
  readonly log = new FakeLog();
  api!: RunningApi;
  client!: ApiClient;
  readonly #options: { readonly history: number; readonly requestTimeout: number | undefined };

  private constructor(options: { history: number; requestTimeout: number | undefined }) {
    this.#options = options;
    this.directory = mkdtempSync(join(tmpdir(), 'epinio-api-'));
  }

  /** @param options.requestTimeout how long a client may take to send its request, in milliseconds */
  static async start({
    history = 4096,
    requestTimeout,
  }: { history?: number; requestTimeout?: number } = {}): Promise<TestApi> {
    const test = new TestApi({ history, requestTimeout });
    await test.restart();
    return test;
  }

  /** Stops, when it runs, and starts again on the same folder. */
  async restart(): Promise<void> {
    await this.stop();
    this.api = await startApi({ directory: this.directory, port: 0, log: this.log, ...this.#options });
    this.client = ApiClient.fromKubeconfig(this.api.kubeconfigFile);
    // A controller makes it elsewhere.
    const account = { body: { metadata: { name: 'default' } } };
    await this.client.call('POST', '/api/v1/namespaces/default/serviceaccounts', account);
  }

  async stop(): Promise<void> {
    const running = this.api as RunningApi | undefined;
    if (running === undefined) return;
    this.client[Symbol.dispose]();
    await running.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
