import { createServer } from 'node:net';
import { EpinioError } from '@epinio/core';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Gives containers TCP ports of this machine. The range lies below the one that the kernel takes ports for
 * outgoing connections from, so that a port stays free while its container restarts.
 */
export class PortAllocator {
  readonly #range: PortRange;
  /** Port to owner. */
  readonly #taken = new Map<number, string>();
  #next: number;

  /** @param seed makes two platforms on one machine begin at different ports */
  constructor(range: PortRange, seed: number) {
    this.#range = range;
    this.#next = range.first + (Math.abs(seed) % (range.last - range.first + 1));
  }

  /** Notes a port of an earlier life. @returns false when it is another's. */
  reserve(port: number, owner: string): boolean {
    const holder = this.#taken.get(port);
    if (holder !== undefined && holder !== owner) return false;
    this.#taken.set(port, owner);
    return true;
  }

  /** A port that nobody has and nobody listens on. Fails with `PORTS_EXHAUSTED`. */
  async take(owner: string): Promise<number> {
    const count = this.#range.last - this.#range.first + 1;
    for (let tries = 0; tries < count; tries++) {
      const port = this.#next;
      this.#next = port === this.#range.last ? this.#range.first : port + 1;
      if (this.#taken.has(port)) continue;
      this.#taken.set(port, owner);
      if (await isFree(port)) return port;
      this.#taken.delete(port);
    }
    throw new EpinioError(
      'PORTS_EXHAUSTED',
      `No port from ${this.#range.first} to ${this.#range.last} is free`,
      {
        fix: 'Delete pods, or widen firstPort and lastPort in the configuration of the node',
        fault: 'system',
      },
    );
  }

  release(owner: string): void {
    for (const [port, holder] of this.#taken) if (holder === owner) this.#taken.delete(port);
  }
}

/**
 * Whether a server could listen on the port, whatever its address. Found out by doing so: the kernel's table of
 * sockets takes ten times as long to read.
 */
export async function isFree(port: number): Promise<boolean> {
  const code = await listenOnce(port, '::');
  // Without IPv6 there is no such address.
  return code === undefined || (code !== 'EADDRINUSE' && (await listenOnce(port, '0.0.0.0')) === undefined);
}

/** @returns the code of what went wrong */
function listenOnce(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve('code' in error ? String(error.code) : 'UNKNOWN'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
