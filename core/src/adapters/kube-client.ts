import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { EpinioError, hasCode } from '../kernel/errors.ts';
import type { KubeObject } from '../kernel/component.ts';
import { kubeError } from '../kube/kube-error.ts';
import type { ApplyOptions, CollectionRef, DeleteOptions, ListOptions, ListResult } from '../ports/kube.ts';
import type {
  ObjectRef,
  PatchBody,
  PatchOptions,
  PodLogOptions,
  WatchEvent,
  WatchOptions,
} from '../ports/kube.ts';
import type { KubeClient } from '../ports/kube-connector.ts';
import { Discovery, type Resource } from './kube/discovery.ts';
import { HttpClient } from './kube/http-client.ts';
import { readKubeconfig } from './kube/kubeconfig.ts';
import { collectionPath, objectPath } from './kube/paths.ts';
import { watchEvents, watchSeconds } from './kube/watch.ts';

/** Objects per request of a list, as kubectl asks for them. */
const CHUNK = 500;
const NO_KIND = 'the server could not find the requested resource';

const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

export interface KubeClientOptions {
  /** YAML or JSON text of a kubeconfig; paths in it should be absolute. */
  readonly kubeconfig: string;
  /** Absent: the kubeconfig's current context. */
  readonly context?: string;
  /** Ends every request when it is aborted, as `close` does. */
  readonly signal?: AbortSignal;
  /** How long one request may take, streams apart; default 30 000. */
  readonly requestTimeoutMs?: number;
  /** For the jitter of watches; default `Math.random`. */
  readonly random?: () => number;
}

/**
 * `Kube` over HTTPS, with the addresses and credentials of a kubeconfig. Nothing is sent before the first call.
 * Fails with `KUBECONFIG_INVALID` or `KUBECONFIG_CONTEXT`.
 */
export async function createKube(options: KubeClientOptions): Promise<KubeClient> {
  const { kubeconfig, context, signal, requestTimeoutMs, random = Math.random } = options;
  const picked = await readKubeconfig(kubeconfig, context);
  const http = new HttpClient(picked, requestTimeoutMs === undefined ? {} : { requestTimeoutMs });
  const client = new HttpKube(http, random);
  const end = (): void => void client.close();
  if (signal?.aborted === true) end();
  else signal?.addEventListener('abort', end, { once: true });
  return client;
}

class HttpKube implements KubeClient {
  readonly #http: HttpClient;
  readonly #discovery: Discovery;
  readonly #random: () => number;

  constructor(http: HttpClient, random: () => number) {
    this.#http = http;
    this.#random = random;
    this.#discovery = new Discovery((path) => http.json({ method: 'GET', path, repeatable: true }));
  }

  async get<T extends KubeObject = KubeObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined> {
    const resource = await this.#discovery.find(ref);
    if (resource === undefined) return undefined;
    const path = objectPath(resource, ref);
    return await absent(this.#http.json<T>({ method: 'GET', path, repeatable: true, signal }));
  }

  async list<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options: ListOptions = {},
  ): Promise<ListResult<T>> {
    const resource = await this.#discovery.find(ref);
    const none = { items: [], resourceVersion: '' };
    if (resource === undefined) return none;
    try {
      return await this.#chunks<T>(resource, ref, options, CHUNK);
    } catch (error) {
      // The server forgot where the next chunk begins: the list took too long to read. Then all at once.
      if (hasCode(error, 'KUBE_GONE')) return await this.#chunks<T>(resource, ref, options, undefined);
      if (!hasCode(error, 'KUBE_NOT_FOUND')) throw error;
      this.#discovery.forget(ref.apiVersion);
      return none;
    }
  }

  async create<T extends KubeObject>(object: T, signal?: AbortSignal): Promise<T> {
    const path = collectionPath(await this.#resourceOf(object), object.metadata.namespace, object);
    return await this.#http.json<T>({ method: 'POST', path, body: object, repeatable: false, signal });
  }

  async apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T> {
    const { fieldManager, force = true, dryRun = false, signal } = options;
    const { name, namespace } = object.metadata;
    const path = objectPath(await this.#resourceOf(object), {
      ...object,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    });
    return await this.#http.json<T>({
      method: 'PATCH',
      path,
      query: { fieldManager, force, dryRun: dryRun ? 'All' : undefined },
      body: { ...object, metadata: { ...object.metadata, managedFields: undefined } },
      contentType: 'application/apply-patch+yaml',
      repeatable: true,
      signal,
    });
  }

  async patch<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    body: PatchBody,
    { subresource, fieldManager, signal }: PatchOptions = {},
  ): Promise<T> {
    const path =
      objectPath(await this.#resourceOf(ref), ref) + (subresource === undefined ? '' : `/${subresource}`);
    return await this.#http.json<T>({
      method: 'PATCH',
      path,
      query: { fieldManager },
      body: body.patch,
      contentType: PATCH_TYPES[body.type],
      // A second time, a list gets a second item, and a version that was right is so no more.
      repeatable: body.type !== 'json' && !isConditional(body.patch),
      signal,
    });
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const { propagation = 'Background', gracePeriodSeconds, resourceVersion, uid, signal } = options;
    const resource = await this.#discovery.find(ref);
    if (resource === undefined) return false;
    const preconditions = { resourceVersion, uid };
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: propagation,
      gracePeriodSeconds,
      preconditions,
    };
    const path = objectPath(resource, ref);
    const deleted = this.#http.json<KubeObject>({ method: 'DELETE', path, body, repeatable: true, signal });
    return (await absent(deleted)) !== undefined;
  }

  async *watch<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>> {
    const { labelSelector, fieldSelector, resourceVersion, signal } = options;
    if (signal?.aborted === true) return;
    const seconds = watchSeconds(this.#random);
    let response: IncomingMessage;
    try {
      const resource = await this.#resourceOf(ref);
      response = await this.#http.stream({
        method: 'GET',
        path: collectionPath(resource, ref.namespace),
        query: {
          watch: true,
          allowWatchBookmarks: true,
          timeoutSeconds: seconds,
          labelSelector,
          fieldSelector,
          resourceVersion,
        },
        repeatable: true,
        signal,
      });
    } catch (error) {
      if (isAborted(signal)) return;
      if (hasCode(error, 'KUBE_NOT_FOUND')) this.#discovery.forget(ref.apiVersion);
      throw error;
    }
    for await (const event of watchEvents<T>(response, seconds)) {
      if (isAborted(signal)) return;
      yield event;
    }
  }

  async logs(
    pod: { readonly namespace: string; readonly name: string },
    options: PodLogOptions = {},
  ): Promise<Readable> {
    const { signal, ...query } = options;
    const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/log`;
    const response = await this.#http.stream({ method: 'GET', path, query, repeatable: true, signal });
    return logBytes(response, signal);
  }

  async version(signal?: AbortSignal): Promise<string> {
    const request = { method: 'GET', path: '/version', repeatable: true, signal } as const;
    return (await this.#http.json<{ readonly gitVersion: string }>(request)).gitVersion;
  }

  async close(): Promise<void> {
    await this.#http.close(
      new EpinioError('KUBE_CLOSED', 'The connection to the Kubernetes API was closed', { status: 503 }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #resourceOf(ref: Pick<KubeObject, 'apiVersion' | 'kind'>): Promise<Resource> {
    const resource = await this.#discovery.find(ref);
    if (resource !== undefined) return resource;
    throw kubeError({ code: 404, message: `${NO_KIND} "${ref.kind}" of "${ref.apiVersion}"` });
  }

  async #chunks<T extends KubeObject>(
    resource: Resource,
    ref: CollectionRef,
    { labelSelector, fieldSelector, signal }: ListOptions,
    limit: number | undefined,
  ): Promise<ListResult<T>> {
    const path = collectionPath(resource, ref.namespace);
    const items: T[] = [];
    for (let next: string | undefined; ;) {
      const query = { labelSelector, fieldSelector, limit, continue: next };
      const page = await this.#http.json<Page<T>>({ method: 'GET', path, query, repeatable: true, signal });
      // Servers leave kind and version out of the items of a list.
      for (const item of page.items ?? [])
        items.push({ ...item, apiVersion: ref.apiVersion, kind: ref.kind });
      next = page.metadata.continue;
      if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }
}

interface Page<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** null when a CRD's collection is empty, on old servers. */
  readonly items: readonly T[] | null;
}

async function absent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasCode(error, 'KUBE_NOT_FOUND')) return undefined;
    throw error;
  }
}

function isConditional(patch: Readonly<Record<string, unknown>>): boolean {
  const { metadata } = patch;
  return typeof metadata === 'object' && metadata !== null && 'resourceVersion' in metadata;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** The bytes of a log; an abort ends them, a broken connection fails them. */
function logBytes(response: IncomingMessage, signal: AbortSignal | undefined): Readable {
  const bytes = new PassThrough();
  response.on('error', (cause) => {
    if (isAborted(signal)) bytes.end();
    else
      bytes.destroy(
        new EpinioError('KUBE_UNREACHABLE', 'The connection broke while a log was read', {
          status: 503,
          cause,
        }),
      );
  });
  bytes.once('close', () => response.destroy());
  return response.pipe(bytes);
}
