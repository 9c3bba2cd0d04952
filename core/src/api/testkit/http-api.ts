import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { drain, listen } from '../../server/http-server.ts';
import { TestApi, type TestApiOptions } from './test-api.ts';

/** A client of a websocket, with all that it gets. */
export interface SocketClient {
  readonly socket: WebSocket;
  readonly frames: readonly string[];
  /** Resolves when the websocket is closed. */
  readonly closed: Promise<{ readonly frames: readonly string[]; readonly code: number }>;
}

/** A platform in memory, served over HTTP on a free port. */
export class HttpApi implements AsyncDisposable {
  readonly test: TestApi;
  readonly port: number;
  readonly #server: Server;

  private constructor(test: TestApi, server: Server) {
    this.test = test;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(options: TestApiOptions = {}): Promise<HttpApi> {
    const test = await TestApi.open(options);
    return new HttpApi(test, await listen(test.api, 0));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async token(): Promise<string> {
    return (await this.test.json<{ token: string }>(200, 'GET', 'authtoken')).token;
  }

  /** Opens a websocket below `/wapi/v1`, with a fresh token. Fails with the answer when it is refused. */
  async socket(path: string, headers: Record<string, string> = {}, token?: string): Promise<SocketClient> {
    const url = new URL(`/wapi/v1/${path}`, `ws://127.0.0.1:${this.port}`);
    url.searchParams.set('authtoken', token ?? (await this.token()));
    const socket = new WebSocket(url, { headers });
    // Listened to from the beginning: the first frames may come together with the handshake.
    const frames: string[] = [];
    socket.on('message', (data) => frames.push((data as Buffer).toString('utf8')));
    const closed = new Promise<Awaited<SocketClient['closed']>>((resolve) => {
      socket.on('close', (code) => resolve({ frames, code }));
    });
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve({ socket, frames, closed }));
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
        response.on('end', () => reject(new Refused(response.statusCode ?? 0, text)));
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const now = AbortSignal.abort();
    await Promise.all([this.test.api.close(now), drain(this.#server, now)]);
    await this.test[Symbol.asyncDispose]();
  }
}

/** A websocket that was answered in plain HTTP. */
export class Refused extends Error {
  readonly status: number;
  readonly title: string;

  constructor(status: number, text: string) {
    super(`${status}: ${text}`);
    this.status = status;
    this.title = (JSON.parse(text) as { errors: { title: string }[] }).errors[0]?.title ?? '';
  }
}
