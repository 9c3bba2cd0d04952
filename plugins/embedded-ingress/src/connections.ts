import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Clock } from '@epinio/core';

/** Everything that is open, so that a stop can let it finish. */
export class Connections {
  readonly #clock: Clock;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #answers = new Set<ServerResponse | ServerHttp2Stream>();
  readonly #tunnels = new Set<Duplex>();
  #isDraining = false;
  #idle = (): void => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  addSession(session: ServerHttp2Session): void {
    track(this.#sessions, session);
    // The timeout restarts with each frame; a stream may be silent for long, a connection without one not.
    session.setTimeout(IDLE_MS, () => {
      if (![...this.#answers].some((answer) => 'session' in answer && answer.session === session))
        session.close();
    });
    if (this.#isDraining) session.close();
  }

  addAnswer(answer: ServerResponse | ServerHttp2Stream): void {
    if (this.#isDraining && 'shouldKeepAlive' in answer) answer.shouldKeepAlive = false;
    track(this.#answers, answer, () => {
      if (this.#answers.size === 0) this.#idle();
    });
  }

  addTunnel(socket: Duplex): void {
    track(this.#tunnels, socket);
  }

  /** Lets requests finish for up to `ms`, then closes what is left; tunnels, which never finish, at once after it. */
  async drain(ms: number): Promise<void> {
    this.#isDraining = true;
    for (const session of this.#sessions) session.close();
    for (const answer of this.#answers) if ('shouldKeepAlive' in answer) answer.shouldKeepAlive = false;
    if (this.#answers.size > 0) {
      const over = new AbortController();
      this.#idle = () => over.abort(FINISHED);
      await this.#clock.sleep(ms, over.signal).catch((reason: unknown) => {
        if (reason !== FINISHED) throw reason;
      });
    }
    for (const answer of this.#answers) answer.destroy();
    for (const tunnel of this.#tunnels) tunnel.destroy();
    for (const session of this.#sessions) session.destroy();
  }
}

/** How long a connection may be without a request; longer than clients and load balancers keep theirs. */
export const IDLE_MS = 75_000;
const FINISHED = new Error('all requests are answered');

function track<T extends { once(event: 'close', listener: () => void): unknown }>(
  set: Set<T>,
  member: T,
  left: () => void = () => undefined,
): void {
  set.add(member);
  member.once('close', () => {
    set.delete(member);
    left();
  });
}
