import type { Client } from 'undici';
import type { ConnectUpstream } from './upstream-client.ts';

/** A connection that one request has to itself. */
export interface Lease {
  readonly client: Client;
  /** Gives it back for the next request; the exchange on it is over. */
  release(): void;
  /** Closes it, and with it the exchange that is still on it. */
  discard(reason: Error): void;
}

/** Idle connections kept for one instance; more are closed after their request. */
const MAX_IDLE = 64;
/** An instance that refused a connection is asked last for this long. */
const SUSPICION_MS = 1_000;

/**
 * One instance of an application, with its connections. Each carries one request at a time, so that a broken
 * one costs a single request, and nothing ever waits behind another.
 */
export class Endpoint {
  /** `address:port` */
  readonly address: string;
  readonly #idle: Client[] = [];
  #outstanding = 0;
  #suspectUntil = 0;
  #isRetired = false;

  constructor(address: string) {
    this.address = address;
  }

  /** Requests under way. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** @param now milliseconds since the epoch */
  isSuspect(now: number): boolean {
    return now < this.#suspectUntil;
  }

  /** Notes that it did not take a connection. */
  suspect(now: number): void {
    this.#suspectUntil = now + SUSPICION_MS;
  }

  lease(connect: ConnectUpstream): Lease {
    // The last one used is the one least likely to have been closed by the other side.
    const client = this.#idle.pop() ?? this.#connect(connect);
    this.#outstanding++;
    let isOver = false;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      this.#outstanding--;
      return true;
    };
    return {
      client,
      release: () => {
        if (!end() || client.destroyed) return;
        if (this.#isRetired || this.#idle.length >= MAX_IDLE) void client.close();
        else this.#idle.push(client);
      },
      discard: (reason) => {
        end();
        void client.destroy(reason);
      },
    };
  }

  /** Lets the requests under way finish, and takes no connection for later. */
  retire(): void {
    this.#isRetired = true;
    for (const client of this.#idle.splice(0)) void client.close();
  }

  #connect(connect: ConnectUpstream): Client {
    const client = connect(this.address);
    client.on('disconnect', () => {
      const index = this.#idle.indexOf(client);
      if (index === -1) return; // in use: whoever leased it sees the error
      this.#idle.splice(index, 1);
      void client.close();
    });
    return client;
  }
}
