import { isIP } from 'node:net';
import { eventFor, hasCode, startWorkQueue } from '@epinio/core';
import type { Clock, IngressObject, Kube, Log, WorkQueue } from '@epinio/core';
import type { Settled } from './cluster-routes.ts';
import { ID } from './resources.ts';
import type { SecretName } from './route-claims.ts';

export interface AnnouncerDeps {
  readonly kube: Kube;
  readonly log: Log;
  readonly clock: Clock;
  /** IP address or host name that goes into the status of an Ingress that is served. */
  readonly address: string;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** What has to be known of one Ingress. */
interface State {
  readonly ingress: IngressObject;
  readonly isServed: boolean;
  /** Warnings by message: CamelCase reason. */
  readonly warnings: ReadonlyMap<string, string>;
}

/**
 * Tells in the cluster what became of each Ingress: its address when it is served, a warning Event when a
 * host or path of it belongs to someone else, or its certificate cannot be used. Works in the background.
 */
export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #queue: WorkQueue;
  readonly #states = new Map<string, State>();
  /** Warnings that were given, by Ingress: each is given once, and again by a server that starts anew. */
  readonly #given = new Map<string, Set<string>>();
  readonly #badSecrets = new Map<string, string>();

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
    this.#queue = startWorkQueue({
      ...deps,
      name: 'the status of Ingresses',
      reconcile: (key, signal) => this.#tell(key, signal),
    });
  }

  /** Takes the newest state of all Ingresses. */
  announce({ ingresses, table, refusals }: Settled): void {
    const served = new Set(table.claims.map(({ namespace, ingress }) => `${namespace}/${ingress}`));
    const present = new Set<string>();
    for (const ingress of ingresses) {
      const key = keyOf(ingress);
      present.add(key);
      const warnings = new Map<string, string>();
      for (const refusal of refusals) {
        if (refusal.ingress === ingress) warnings.set(`Not served: ${refusal.reason}`, 'RouteConflict');
      }
      for (const { secretName } of ingress.spec?.tls ?? []) {
        const problem = this.#badSecrets.get(`${ingress.metadata.namespace ?? ''}/${secretName ?? ''}`);
        if (problem !== undefined) warnings.set(problem, 'CertificateInvalid');
      }
      const state = { ingress, isServed: served.has(key), warnings };
      const known = this.#states.get(key);
      this.#states.set(key, state);
      if (known === undefined || !isSame(known, state)) this.#queue.add(key);
    }
    for (const key of this.#states.keys()) {
      if (present.has(key)) continue;
      this.#states.delete(key);
      this.#given.delete(key);
    }
  }

  /** A certificate cannot be used: whoever names its Secret is told. */
  certificateInvalid({ namespace, name }: SecretName, problem: string): void {
    this.#badSecrets.set(`${namespace}/${name}`, problem);
    for (const { ingress, ...state } of this.#states.values()) {
      const isUser = ingress.spec?.tls?.some(({ secretName }) => secretName === name) === true;
      if (!isUser || ingress.metadata.namespace !== namespace) continue;
      const warnings = new Map(state.warnings).set(problem, 'CertificateInvalid');
      this.#states.set(keyOf(ingress), { ...state, ingress, warnings });
      this.#queue.add(keyOf(ingress));
    }
  }

  /** The Secret changed: what was wrong with it may be mended. */
  certificateChanged({ namespace, name }: SecretName): void {
    this.#badSecrets.delete(`${namespace}/${name}`);
  }

  async #tell(key: string, signal: AbortSignal): Promise<undefined> {
    const state = this.#states.get(key);
    if (state === undefined) return;
    const { kube, clock } = this.#deps;
    try {
      await this.#tellAddress(state, signal);
      const given = this.#given.get(key) ?? new Set<string>();
      this.#given.set(key, given);
      for (const message of given) if (!state.warnings.has(message)) given.delete(message);
      for (const [message, reason] of state.warnings) {
        if (given.has(message)) continue;
        const facts = { type: 'Warning', reason, message, component: ID, at: clock.now() } as const;
        await kube.apply(eventFor(state.ingress, facts), { fieldManager: `epinio/${ID}`, signal });
        given.add(message);
      }
    } catch (error) {
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error; // otherwise deleted meanwhile: nobody to tell
    }
  }

  async #tellAddress({ ingress, isServed }: State, signal: AbortSignal): Promise<void> {
    const { kube, address } = this.#deps;
    const own = isIP(address) === 0 ? { hostname: address } : { ip: address };
    const present = ingress.status?.loadBalancer?.ingress ?? [];
    const isTold = present.length === 1 && present[0]?.ip === own.ip && present[0]?.hostname === own.hostname;
    if (isServed ? isTold : present.length === 0) return;
    await kube.patch(
      {
        apiVersion: ingress.apiVersion,
        kind: ingress.kind,
        namespace: ingress.metadata.namespace ?? '',
        name: ingress.metadata.name,
      },
      { type: 'merge', patch: { status: { loadBalancer: { ingress: isServed ? [own] : null } } } },
      { subresource: 'status', fieldManager: `epinio/${ID}`, signal },
    );
  }
}

function isSame(one: State, other: State): boolean {
  return (
    one.ingress === other.ingress &&
    one.isServed === other.isServed &&
    one.warnings.size === other.warnings.size &&
    [...one.warnings.keys()].every((message) => other.warnings.has(message))
  );
}

function keyOf({ metadata: { namespace = '', name } }: IngressObject): string {
  return `${namespace}/${name}`;
}
