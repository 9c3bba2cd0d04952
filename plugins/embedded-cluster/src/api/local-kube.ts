import type { Readable } from 'node:stream';
import {
  EpinioError,
  type CollectionRef,
  type Kube,
  type KubeObject,
  type ListOptions,
  type ListResult,
  type ObjectRef,
  type WatchEvent,
  type WatchOptions,
} from '@epinio/core';
import type { Registry } from '../registry/registry.ts';
import type { Request } from '../registry/request.ts';
import type { Resource } from '../registry/resource.ts';
import { parseFieldSelector } from '../registry/field-selector.ts';
import { both, parseLabelSelector, type Matcher } from '../registry/selectors.ts';
import type { Shown, Watcher } from '../registry/watcher.ts';
import type { ApiObject } from '../storage/api-object.ts';
import type { NodeAccess } from './node-access.ts';
import { internalRequest } from '../registry/internal-request.ts';
import { StatusError } from '../status.ts';

/**
 * The `Kube` port in this process, without HTTP: for controllers and the node agent. Every call takes the path
 * of an HTTPS request (admission, defaulting, validation, managed fields, durable write).
 * Objects that it answers are shared with the store: they are frozen in spirit, never change one.
 * A patch may name any subresource that is changed by a patch here: "status", "finalize"; and, because the cluster's
 * own parts are trusted with it, may set a pod's `spec.nodeName` once.
 *
 * @param user whose changes they are: "kube-controller-manager"
 * @param node where `logs` reads; absent until there is a node
 */
export function createLocalKube(registry: Registry, user: string, node?: NodeAccess): Kube {
  return new LocalKube(registry, user, node);
}

class LocalKube implements Kube {
  readonly #registry: Registry;
  readonly #user: string;
  readonly #node: NodeAccess | undefined;

  constructor(registry: Registry, user: string, node: NodeAccess | undefined) {
    this.#registry = registry;
    this.#user = user;
    this.#node = node;
  }

  async get<T extends KubeObject = KubeObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined> {
    signal?.throwIfAborted();
    const resource = this.#registry.catalog.findKind(ref.apiVersion, ref.kind);
    if (resource === undefined) return undefined;
    try {
      return this.#answer<T>(resource, this.#registry.get(resource, ref.namespace, ref.name).object);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw asEpinioError(error);
    }
  }

  async list<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options: ListOptions = {},
  ): Promise<ListResult<T>> {
    options.signal?.throwIfAborted();
    return translated(() => {
      const resource = this.#registry.catalog.findKind(ref.apiVersion, ref.kind);
      if (resource === undefined)
        return { items: [], resourceVersion: String(this.#registry.store.revision) };
      const { items, revision } = this.#registry.list(resource, {
        ...namespaceOf(ref),
        ...selectorsOf(resource, options),
      });
      return {
        items: items.map(({ object }) => this.#answer<T>(resource, object)),
        resourceVersion: String(revision),
      };
    });
  }

  async create<T extends KubeObject>(object: T, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const resource = this.#resource(object);
    return translated(async () => {
      const namespace = resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
      return this.#answer<T>(
        resource,
        (await this.#registry.create(resource, namespace, object, this.#request())).object,
      );
    });
  }

  async apply<T extends KubeObject>(object: T, options: Parameters<Kube['apply']>[1]): Promise<T> {
    options.signal?.throwIfAborted();
    const resource = this.#resource(object);
    return translated(async () => {
      const { name } = object.metadata;
      const namespace = resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
      const request = this.#request(options.fieldManager, options.dryRun);
      const written = await this.#registry.patch(
        { resource, namespace, name },
        'apply',
        object,
        request,
        options.force ?? true,
      );
      return this.#answer<T>(resource, written.stored.object);
    });
  }

  async patch<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    body: Parameters<Kube['patch']>[1],
    options: Parameters<Kube['patch']>[2] = {},
  ): Promise<T> {
    options.signal?.throwIfAborted();
    const resource = this.#resource(ref);
    return translated(async () => {
      const { subresource, fieldManager } = options;
      const target = {
        resource,
        namespace: ref.namespace,
        name: ref.name,
        ...(subresource === undefined ? {} : { subresource }),
      };
      const { stored } = await this.#registry.patch(
        target,
        body.type,
        body.patch,
        this.#request(fieldManager),
      );
      return this.#answer<T>(resource, stored.object);
    });
  }

  async delete(ref: ObjectRef, options: Parameters<Kube['delete']>[1] = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    const resource = this.#registry.catalog.findKind(ref.apiVersion, ref.kind);
    if (resource === undefined) return false;
    const { propagation = 'Background', gracePeriodSeconds, uid, resourceVersion } = options;
    try {
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      const query = {
        propagationPolicy: propagation,
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        preconditions,
      };
      await this.#registry.delete(resource, ref.namespace, ref.name, query, this.#request());
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return false;
      throw asEpinioError(error);
    }
  }

  async *watch<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options: WatchOptions = {},
  ): AsyncIterable<WatchEvent<T>> {
    const { signal, resourceVersion } = options;
    const resource = this.#resource(ref);
    const watcher = await translated(() =>
      this.#registry.watch(resource, {
        ...namespaceOf(ref),
        ...selectorsOf(resource, options),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      }),
    );
    while (signal?.aborted !== true) {
      const shown = nextOf(watcher); // no await between this and `changeOf`, or a change could slip through
      if (shown !== undefined)
        yield { type: shown.type, object: this.#answer<T>(resource, shown.stored.object) };
      else await changeOf(watcher, signal);
    }
  }

  async logs(pod: Parameters<Kube['logs']>[0], options: Parameters<Kube['logs']>[1] = {}): Promise<Readable> {
    if (this.#node === undefined)
      throw new EpinioError('KUBE_FAILED', 'The cluster has no node yet', { status: 503 });
    return this.#node.logs.read(pod, options);
  }

  #resource({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): Resource {
    const resource = this.#registry.catalog.findKind(apiVersion, kind);
    if (resource === undefined)
      throw new EpinioError('KUBE_NOT_FOUND', `The cluster has no kind "${kind}" in "${apiVersion}"`, {
        status: 404,
      });
    return resource;
  }

  #request(fieldManager?: string, dryRun = false): Request {
    return internalRequest(this.#user, fieldManager, dryRun);
  }

  #answer<T>(resource: Resource, object: ApiObject): T {
    return this.#registry.inVersion(resource, object) as unknown as T;
  }
}

function namespaceOf(ref: CollectionRef): { readonly namespace?: string } {
  return ref.namespace === undefined ? {} : { namespace: ref.namespace };
}

function selectorsOf(
  resource: Resource,
  options: ListOptions,
): { readonly matches?: Matcher; readonly name?: string } {
  const labels = parseLabelSelector(options.labelSelector ?? '');
  const fields = parseFieldSelector(resource, options.fieldSelector ?? '');
  const matches = both(labels, fields.matches);
  return {
    ...(matches === undefined ? {} : { matches }),
    ...(fields.name === undefined ? {} : { name: fields.name }),
  };
}

function nextOf(watcher: Watcher): Shown | undefined {
  try {
    return watcher.next();
  } catch (error) {
    throw asEpinioError(error);
  }
}

/** Resolves when the watcher may have more, or the signal is aborted. */
async function changeOf(watcher: Watcher, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stop();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const stop = watcher.onChange(done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

async function translated<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asEpinioError(error);
  }
}

const CODES: Readonly<Record<string, string>> = {
  NotFound: 'KUBE_NOT_FOUND',
  AlreadyExists: 'KUBE_ALREADY_EXISTS',
  Conflict: 'KUBE_CONFLICT',
  Expired: 'KUBE_GONE',
  Gone: 'KUBE_GONE',
  Invalid: 'KUBE_INVALID',
  Forbidden: 'KUBE_FORBIDDEN',
  Unauthorized: 'KUBE_FORBIDDEN',
};

function asEpinioError(error: unknown): unknown {
  if (!(error instanceof StatusError)) return error;
  return new EpinioError(CODES[error.reason] ?? 'KUBE_FAILED', error.message, {
    status: error.code,
    cause: error,
  });
}
