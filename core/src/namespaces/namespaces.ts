import { type Caches, seen, seenGone } from '../apps/caches.ts';
import { FIELD_MANAGER, labels } from '../apps/labels.ts';
import { checkNamespaceName } from '../apps/name-rules.ts';
import { alreadyExists, notFound } from '../apps/published-errors.ts';
import type { Timeouts } from '../apps/timeouts.ts';
import { EpinioError, hasCode, messageOf } from '../kernel/errors.ts';
import type { Namespace as NamespaceObject } from '../kube/kinds.ts';
import type { Namespace } from '../models/platform.ts';
import type { Clock } from '../ports/clock.ts';
import type { Informers } from '../ports/informer.ts';
import type { Kube, ObjectRef } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import {
  namespaceObject,
  type NamespaceDeps,
  REGISTRY_SECRET,
  serviceAccountObject,
} from './namespace-objects.ts';

export interface NamespacesDeps extends NamespaceDeps {
  readonly kube: Kube;
  readonly informers: Pick<Informers, 'waitFor'>;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeouts: Timeouts;
  /** Removes an application with all it has. */
  readonly deleteApp: (app: { namespace: string; name: string }, signal?: AbortSignal) => Promise<void>;
}

const AT_ONCE = 8;

/** Namespaces for applications: Kubernetes' own, with our label. */
export class Namespaces {
  readonly #deps: NamespacesDeps;

  constructor(deps: NamespacesDeps) {
    this.#deps = deps;
  }

  exists(name: string): boolean {
    return this.#deps.caches.namespaces.get(undefined, name) !== undefined;
  }

  /** Sorted by name. */
  names(): readonly string[] {
    return this.#deps.caches.namespaces
      .list()
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  /** As the API shows them, in one pass over memory. */
  list(names: readonly string[] = this.names()): Namespace[] {
    const { caches } = this.#deps;
    const wanted = new Set(names);
    const apps = byNamespace(caches.apps.list(), wanted);
    const configurations = byNamespace(caches.configurations.list(), wanted);
    return names.map((name) => {
      const created = caches.namespaces.get(undefined, name)?.metadata.creationTimestamp ?? null;
      const own = apps.get(name);
      const bound = configurations.get(name);
      return {
        meta: { name, createdAt: created },
        ...(own === undefined ? {} : { apps: own.sort() }),
        ...(bound === undefined ? {} : { configurations: bound.sort() }),
      };
    });
  }

  /** Fails with the published 404. */
  show(name: string): Namespace {
    const [found] = this.exists(name) ? this.list([name]) : [];
    if (found === undefined) throw notFound('namespace', name);
    return found;
  }

  /**
   * Makes a namespace and waits until the registry's credentials have reached it. That they are late is only logged.
   * Fails with the published 400 and 409.
   */
  async create(name: string, signal?: AbortSignal): Promise<void> {
    checkNamespaceName(name);
    const { kube, caches, clock } = this.#deps;
    if (this.exists(name)) throw alreadyExists('namespace', name);
    let created: NamespaceObject;
    try {
      created = await kube.create(namespaceObject(this.#deps, name), signal);
    } catch (error) {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
      throw await this.#taken(name, error, signal);
    }
    await this.#complete(name, signal);
    await seen(caches.namespaces, created, clock);
    await this.#waitForCredentials(name, signal);
  }

  /** Somebody else's namespace is not taken over; one of ours that another server has just made is a conflict. */
  async #taken(name: string, cause: unknown, signal: AbortSignal | undefined): Promise<EpinioError> {
    const present = await this.#deps.kube.get({ apiVersion: 'v1', kind: 'Namespace', name }, signal);
    if (present?.metadata.labels?.[labels.component] === 'epinio-namespace')
      return alreadyExists('namespace', name);
    return new EpinioError(
      'NAMESPACE_FOREIGN',
      `Namespace '${name}' name cannot be used. Please try another name`,
      { status: 500, cause, details: ["A namespace of that name is in the cluster, and it is not Epinio's"] },
    );
  }

  /** Brings namespaces up to what this version of the platform wants of them, after an interrupted creation too. */
  async repair(signal?: AbortSignal): Promise<void> {
    await inTurns(this.names(), async (name) => {
      const options = { fieldManager: FIELD_MANAGER, ...(signal === undefined ? {} : { signal }) };
      await this.#deps.kube.apply(namespaceObject(this.#deps, name), options);
      await this.#complete(name, signal);
    });
  }

  async #complete(name: string, signal: AbortSignal | undefined): Promise<void> {
    const options = { fieldManager: FIELD_MANAGER, ...(signal === undefined ? {} : { signal }) };
    await this.#deps.kube.apply(serviceAccountObject(name), options);
  }

  async #waitForCredentials(namespace: string, signal: AbortSignal | undefined): Promise<void> {
    const { informers, log } = this.#deps;
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name: REGISTRY_SECRET };
    const options = {
      timeoutMs: this.#deps.timeouts.secretCopiedMs,
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      await informers.waitFor(
        ref,
        `Secret "${REGISTRY_SECRET}" in namespace "${namespace}"`,
        isThere,
        options,
      );
    } catch (error) {
      if (signal?.aborted === true) throw error;
      log.warn('The registry credentials have not reached a new namespace', {
        namespace,
        error: messageOf(error),
      });
    }
  }

  /** Removes a namespace with all its applications, and waits until it is gone. Fails with the published 404. */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    const { kube, caches, clock, informers, deleteApp } = this.#deps;
    if (!this.exists(name)) throw notFound('namespace', name);
    const apps = caches.apps.list(name).map(({ metadata }) => ({ namespace: name, name: metadata.name }));
    await inTurns(apps, (app) => deleteApp(app, signal));
    const ref: ObjectRef = { apiVersion: 'v1', kind: 'Namespace', name };
    const options = {
      timeoutMs: this.#deps.timeouts.namespaceDeletionMs,
      ...(signal === undefined ? {} : { signal }),
    };
    await kube.delete(ref, signal === undefined ? {} : { signal });
    await informers.waitFor(ref, `the end of namespace "${name}"`, (object) => object === undefined, options);
    await seenGone(caches.namespaces, { name }, clock);
  }
}

function isThere(object: unknown): boolean {
  return object !== undefined;
}

function byNamespace(
  objects: readonly { readonly metadata: { readonly namespace?: string; readonly name: string } }[],
  wanted: ReadonlySet<string>,
): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { metadata } of objects) {
    const { namespace = '', name } = metadata;
    if (!wanted.has(namespace)) continue;
    const known = names.get(namespace);
    if (known === undefined) names.set(namespace, [name]);
    else known.push(name);
  }
  return names;
}

/** Side by side, but no more than the cluster and this process can well do at once. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
