import type { Clock } from '@epinio/core';
import type { Frontend, Target } from './frontends.ts';

/** Clients that are remembered at one time; the longest unseen is forgotten first. */
const MAX_CLIENTS = 10_000;

/** Chooses where a client's next connection goes: in turn, or to where it was before. */
export class Balancer {
  readonly #clock: Clock;
  #targets: readonly Target[] = [];
  #affinityMs: number | undefined;
  #next = 0;
  /** By address, the longest unseen first. */
  readonly #clients = new Map<string, { readonly target: Target; readonly seenAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  update({ targets, affinityMs }: Pick<Frontend, 'targets' | 'affinityMs'>): void {
    this.#targets = targets;
    this.#affinityMs = affinityMs;
    if (affinityMs === undefined) this.#clients.clear();
  }

  /** All targets, in the order in which they are to be tried. */
  order(client: string): readonly Target[] {
    const first = this.#remembered(client) ?? this.#next++ % Math.max(1, this.#targets.length);
    return [...this.#targets.slice(first), ...this.#targets.slice(0, first)];
  }

  /** The target has taken the client's connection. */
  took(client: string, target: Target): void {
    if (this.#affinityMs === undefined) return;
    this.#clients.delete(client);
    this.#clients.set(client, { target, seenAt: this.#clock.now() });
    for (const oldest of this.#clients.keys()) {
      if (this.#clients.size <= MAX_CLIENTS) break;
      this.#clients.delete(oldest);
    }
  }

  /** Position of the client's target, unless it is gone or too long ago. */
  #remembered(client: string): number | undefined {
    const known = this.#clients.get(client);
    if (known === undefined || this.#clock.now() - known.seenAt > (this.#affinityMs ?? 0)) return undefined;
    const { address, port } = known.target;
    const index = this.#targets.findIndex((target) => target.address === address && target.port === port);
    return index < 0 ? undefined : index;
  }
}
