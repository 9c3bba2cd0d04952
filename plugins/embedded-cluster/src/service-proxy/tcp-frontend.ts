import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@epinio/core';
import { Balancer } from './balancer.ts';
import type { Frontend } from './frontends.ts';
import { dial, splice } from './splice.ts';

const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/** Listens on the address of a frontend, and passes connections on to its targets. */
export class TcpFrontend {
  #frontend: Frontend;
  readonly #balancer: Balancer;
  readonly #onFailure: (error: NodeJS.ErrnoException, frontend: Frontend) => void;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;
  #failure: string | undefined;
  #isClosed = false;

  /** @param onFailure it cannot listen, and why: called when that begins, while it tries again and again */
  constructor(
    frontend: Frontend,
    clock: Clock,
    onFailure: (error: NodeJS.ErrnoException, frontend: Frontend) => void,
  ) {
    this.#frontend = frontend;
    this.#balancer = new Balancer(clock);
    this.#onFailure = onFailure;
    this.update(frontend);
    this.#listen();
  }

  /** Its targets are others now; its address is the same. */
  update(frontend: Frontend): void {
    this.#frontend = frontend;
    this.#balancer.update(frontend);
  }

  /** Takes no more connections, at once; those that there are go on. Resolves when the last has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Cuts the connections that there are. */
  destroy(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  #listen(): void {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      this.#connections.add(client);
      client.once('close', () => this.#connections.delete(client));
      void this.#forward(client);
    });
    this.#server = server;
    server.once('listening', () => {
      this.#failure = undefined;
      this.#retryMs = RETRY_MS;
    });
    // After it listens: such as no file descriptor left for a connection, which its client sees.
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#isClosed || server.listening) return;
      if (this.#failure !== error.code) this.#onFailure(error, this.#frontend);
      this.#failure = error.code;
      this.#retry = setTimeout(() => this.#listen(), this.#retryMs).unref();
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    });
    const { address, port } = this.#frontend;
    server.listen({ host: address, port, exclusive: true });
  }

  async #forward(client: Socket): Promise<void> {
    const from = client.remoteAddress ?? '';
    client.on('error', () => client.destroy()); // who has gone away waits for no answer
    for (const target of this.#balancer.order(from)) {
      const upstream = await dial(target);
      if (upstream === undefined) continue;
      this.#balancer.took(from, target);
      this.#connections.add(upstream);
      upstream.once('close', () => this.#connections.delete(upstream));
      if (client.destroyed) upstream.destroy();
      else splice(client, upstream);
      return;
    }
    if (!client.destroyed) client.resetAndDestroy();
  }
}
