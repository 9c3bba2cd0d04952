import { type AppName, type AppObject, appObjectRef, ownedBy } from '../apps/app-object.ts';
import { type Caches, seen } from '../apps/caches.ts';
import { notFound } from '../apps/published-errors.ts';
import { hasCode } from '../kernel/errors.ts';
import type { Secret } from '../kube/kinds.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kube, ObjectRef } from '../ports/kube.ts';
import { type AppState, readState, stateData, stateLabels, stateSecretName } from './app-state.ts';

export interface AppStatesDeps {
  readonly kube: Kube;
  readonly caches: Pick<Caches, 'secrets'>;
  readonly clock: Clock;
}

/** A change to an application's state; undefined leaves it as it is. */
export type StateChange = (state: AppState) => AppState | undefined;

/** How often a write is tried again when another one came between. */
const MAX_ATTEMPTS = 20;

/** Reads and writes the states of applications. */
export class AppStates {
  readonly #deps: AppStatesDeps;

  constructor(deps: AppStatesDeps) {
    this.#deps = deps;
  }

  /** From memory; of an application that never was deployed, or is not there, the empty state. */
  get({ namespace, name }: AppName): AppState {
    return readState(this.#deps.caches.secrets.get(namespace, stateSecretName(name)));
  }

  /**
   * Changes the state in one conditional write. `change` may be called several times, with the newest state each
   * time; it throws to refuse. Returns when readers of memory see it too. Fails with `APPLICATION_NOT_FOUND`.
   */
  async update(app: AppName, change: StateChange, signal?: AbortSignal): Promise<AppState> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(app, change, signal);
      } catch (error) {
        const isRace = hasCode(error, 'KUBE_CONFLICT') || hasCode(error, 'KUBE_ALREADY_EXISTS');
        if (!isRace || attempt >= MAX_ATTEMPTS) throw error;
        await this.#deps.clock.sleep(Math.random() * 10 * attempt, signal);
      }
    }
  }

  async #attempt(app: AppName, change: StateChange, signal: AbortSignal | undefined): Promise<AppState> {
    const { kube, caches, clock } = this.#deps;
    const ref = secretRef(app);
    const present = await kube.get<Secret>(ref, signal);
    const state = present === undefined ? { records: [] } : readState(present);
    const next = change(state);
    if (next === undefined || next === state) return state;
    const written =
      present === undefined
        ? await this.#create(app, next, signal)
        : await kube.patch<Secret>(
            ref,
            {
              type: 'merge',
              patch: {
                metadata: { resourceVersion: present.metadata.resourceVersion },
                data: stateData(next),
              },
            },
            signal === undefined ? {} : { signal },
          );
    await seen(caches.secrets, written, clock);
    return next;
  }

  async #create(app: AppName, state: AppState, signal: AbortSignal | undefined): Promise<Secret> {
    const { kube } = this.#deps;
    const owner = await kube.get<AppObject>(appObjectRef(app), signal);
    if (owner === undefined) throw notFound('application', app.name);
    return kube.create<Secret>(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: stateSecretName(app.name),
          namespace: app.namespace,
          labels: stateLabels(app),
          ownerReferences: [ownedBy(owner)],
        },
        type: 'Opaque',
        data: stateData(state),
      },
      signal,
    );
  }
}

function secretRef({ namespace, name }: AppName): ObjectRef {
  return { apiVersion: 'v1', kind: 'Secret', namespace, name: stateSecretName(name) };
}
