import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { KubeObject } from '../kernel/component.ts';
import { EpinioError } from '../kernel/errors.ts';
import type { Pod } from '../kube/pod-kinds.ts';
import { kubeError } from '../kube/kube-error.ts';
import type {
  ApplyOptions,
  CollectionRef,
  DeleteOptions,
  Kube,
  ListOptions,
  ListResult,
} from '../ports/kube.ts';
import type {
  ObjectRef,
  PatchBody,
  PatchOptions,
  PodLogOptions,
  WatchEvent,
  WatchOptions,
} from '../ports/kube.ts';
import { FieldOwners } from './fake-apply.ts';
import { checkPreconditions, describe, namespaceMissing, noSuchKind, notFound } from './fake-failures.ts';
import { childOf, freezeDeep, isJson, type Json, overTheWire } from './fake-json.ts';
import { isBuiltIn, validate } from './fake-kinds.ts';
import { patched } from './fake-patch.ts';
import { FakePodLogs } from './fake-pod-logs.ts';
import { selection } from './fake-selectors.ts';
import { FakeStore, refOf, type Stored } from './fake-store.ts';

export interface FakeKubeOptions {
  /** Namespaces that exist from the start, beside "default" and "kube-system". */
  readonly namespaces?: readonly string[];
  /** Objects that exist from the start, with their status; see `seed`. */
  readonly objects?: readonly KubeObject[];
  /** Kinds of other groups exist only once their CustomResourceDefinition does. Default false: any kind exists. */
  readonly requireDefinitions?: boolean;
  /** Deployments, StatefulSets and DaemonSets are rolled out as soon as they are written. Default false. */
  readonly rollsOut?: boolean;
  /** How many changes a watch can go back. Default 10 000. */
  readonly historySize?: number;
  /** Milliseconds since the epoch; default the system's. */
  readonly now?: () => number;
}

export type KubeVerb = 'get' | 'list' | 'create' | 'apply' | 'patch' | 'delete' | 'watch' | 'logs';
type PodName = { readonly namespace: string; readonly name: string };

/**
 * A Kubernetes API in memory, for tests. It behaves as an API server does where that decides whether the
 * caller is right: versions and conflicts, namespaces that must exist, status behind its subresource,
 * ownership of applied fields, finalizers, owners, selectors, watch history. It runs nothing: pods stay as
 * written, and go at once when deleted. Objects it hands out are frozen.
 */
export class FakeKube implements Kube, AsyncDisposable {
  /** How often each verb was called. */
  readonly counts: Record<KubeVerb, number>;
  readonly #store: FakeStore;
  readonly #logs = new FakePodLogs();
  readonly #now: () => number;
  #outage: EpinioError | undefined;

  constructor(options: FakeKubeOptions = {}) {
    const {
      requireDefinitions = false,
      rollsOut = false,
      historySize = 10_000,
      now = () => Date.now(),
    } = options;
    this.counts = { get: 0, list: 0, create: 0, apply: 0, patch: 0, delete: 0, watch: 0, logs: 0 };
    this.#now = now;
    this.#store = new FakeStore({ requireDefinitions, rollsOut, historySize, now });
    for (const name of ['default', 'kube-system', ...(options.namespaces ?? [])]) {
      this.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase: 'Active' } });
    }
    this.seed(...(options.objects ?? []));
  }

  async get<T extends KubeObject = KubeObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined> {
    this.#begin('get', signal);
    return this.#store.find(ref)?.object as T | undefined;
  }

  async list<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options: ListOptions = {},
  ): Promise<ListResult<T>> {
    this.#begin('list', options.signal);
    const facts = this.#store.facts(ref);
    if (facts === undefined) return { items: [], resourceVersion: '' };
    const selects = selection(ref, options, facts.selectable);
    return { items: this.#store.all().filter(selects) as T[], resourceVersion: String(this.#store.version) };
  }

  async create<T extends KubeObject>(object: T, signal?: AbortSignal): Promise<T> {
    this.#begin('create', signal);
    const wanted = this.#accept(object);
    const { name, generateName, resourceVersion } = wanted.metadata;
    if (resourceVersion !== undefined)
      throw kubeError({ code: 400, message: 'resourceVersion should not be set on objects to be created' });
    if (name === '' && generateName !== undefined) {
      childOf(wanted, 'metadata')['name'] = generateName + randomBytes(3).toString('hex').slice(0, 5);
    }
    if (this.#store.find(refOf(wanted)) !== undefined) {
      throw kubeError({ code: 409, reason: 'AlreadyExists', message: `${describe(wanted)} already exists` });
    }
    return this.#store.insert(wanted) as T;
  }

  async apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T> {
    this.#begin('apply', options.signal);
    const wanted = this.#accept(object);
    if (this.#store.facts(wanted)?.hasStatus === true) delete (wanted as Json)['status'];
    const stored = this.#store.find(refOf(wanted));
    const owners = stored?.owners ?? new FieldOwners();
    const live = stored?.object ?? {
      apiVersion: wanted.apiVersion,
      kind: wanted.kind,
      metadata: wanted.metadata,
    };
    const { result, conflicts, commit } = owners.apply(live, wanted, options.fieldManager);
    const [conflict] = conflicts;
    if (conflict !== undefined && options.force === false) {
      const message = `Apply failed with ${conflicts.length} conflict: conflict with "${conflict.manager}": ${conflict.path}`;
      throw kubeError({ code: 409, reason: 'Conflict', message });
    }
    const merged = result as unknown as KubeObject;
    if (options.dryRun === true) {
      validate(merged, stored?.object);
      return freezeDeep(overTheWire(merged)) as T;
    }
    const written =
      stored === undefined
        ? this.#store.insert(merged, owners)
        : this.#store.update(stored, merged, 'applied');
    commit();
    return written as T;
  }

  async patch<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    body: PatchBody,
    { subresource, signal }: PatchOptions = {},
  ): Promise<T> {
    this.#begin('patch', signal);
    const stored = this.#existing(ref);
    if (body.type === 'strategic' && !isBuiltIn(ref.apiVersion)) {
      const message = 'the body of the request was in an unknown format';
      throw kubeError({ code: 415, reason: 'UnsupportedMediaType', message });
    }
    const before = stored.object as KubeObject & Json;
    const after = overTheWire(patched(before, overTheWire(body))) as KubeObject & Json;
    checkPreconditions(before, after.metadata);
    const hasStatus = this.#store.facts(ref)?.hasStatus === true;
    if (subresource === 'status' && hasStatus)
      return this.#store.update(stored, { ...before, status: after['status'] }) as T;
    if (subresource === 'scale') {
      const replicas = isJson(after['spec']) ? after['spec']['replicas'] : undefined;
      return this.#store.update(stored, { ...before, spec: { ...(before['spec'] as Json), replicas } }) as T;
    }
    if (subresource !== undefined) throw notFound(ref);
    if (hasStatus) {
      delete after['status'];
      if ('status' in before) after['status'] = before['status'];
    }
    return this.#store.update(stored, after) as T;
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    this.#begin('delete', options.signal);
    const stored = this.#store.find(ref);
    if (stored === undefined) return false;
    checkPreconditions(stored.object, options);
    this.#store.delete(stored, options.propagation ?? 'Background');
    return true;
  }

  async *watch<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>> {
    if (options.signal?.aborted === true) return;
    this.#begin('watch', undefined);
    const facts = this.#store.facts(ref);
    if (facts === undefined) throw noSuchKind();
    const selects = selection(ref, options, facts.selectable);
    const { resourceVersion = '0' } = options;
    const from = resourceVersion === '0' ? {} : { from: Number(resourceVersion) };
    const position = { now: this.#store.version, present: this.#store.all().filter(selects), ...from };
    yield* this.#store.watches.follow(ref, selects, position, options.signal) as AsyncGenerator<
      WatchEvent<T>
    >;
  }

  async logs(pod: PodName, options: PodLogOptions = {}): Promise<Readable> {
    this.#begin('logs', options.signal);
    const { containers, initContainers = [] } = (
      this.#existing({ apiVersion: 'v1', kind: 'Pod', ...pod }).object as Pod
    ).spec;
    const container = options.container ?? containers[0]?.name ?? '';
    if (![...containers, ...initContainers].some(({ name }) => name === container)) {
      const message = `container ${container} is not valid for pod ${pod.name}`;
      throw kubeError({ code: 400, reason: 'BadRequest', message });
    }
    return this.#logs.stream(`${pod.namespace}/${pod.name}/${container}`, options, this.#now());
  }

  /** Puts objects there as they are, status and all, even where a request could not; replaces present ones. */
  seed(...objects: readonly KubeObject[]): void {
    for (const object of objects) {
      const stored = this.#store.find(refOf(object));
      if (stored === undefined)
        this.#store.insert(overTheWire(object), new FieldOwners(), { verbatim: true });
      else this.#store.update(stored, overTheWire(object));
    }
  }

  /** A line that a container of an existing or coming pod writes. */
  writeLog(pod: PodName, container: string, line: string): void {
    this.#logs.write(`${pod.namespace}/${pod.name}/${container}`, line, this.#now());
  }

  /** The container ends: who follows its log reaches the end. */
  endLog(pod: PodName, container: string): void {
    this.#logs.end(`${pod.namespace}/${pod.name}/${container}`);
  }

  /** How many watches are open. */
  get openWatches(): number {
    return this.#store.watches.open;
  }

  /** Closes every open watch; callers can open new ones. */
  disconnect(): void {
    this.#store.watches.endAll();
  }

  /** The server is away: open watches break, and every call fails with `KUBE_UNREACHABLE` until `goOnline`. */
  goOffline(): void {
    this.#outage = new EpinioError('KUBE_UNREACHABLE', 'The Kubernetes API of this test does not answer', {
      status: 503,
    });
    this.#store.watches.endAll(this.#outage);
  }

  goOnline(): void {
    this.#outage = undefined;
  }

  /** A watch from a version before now fails with `KUBE_GONE`, as after a compaction. */
  forgetHistory(): void {
    this.#store.forgetHistory();
  }

  /** Sends every open watch a bookmark with the present version. */
  sendBookmarks(): void {
    this.#store.watches.bookmark(String(this.#store.version));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#store.watches.endAll();
  }

  #begin(verb: KubeVerb, signal: AbortSignal | undefined): void {
    this.counts[verb] += 1;
    signal?.throwIfAborted();
    if (this.#outage !== undefined) throw this.#outage;
  }

  #existing(ref: ObjectRef): Stored {
    const stored = this.#store.find(ref);
    if (stored === undefined) throw notFound(ref);
    return stored;
  }

  /** A copy of what a request carries, with the namespace that its kind demands. */
  #accept(object: KubeObject): KubeObject & Json {
    const wanted = overTheWire(object) as KubeObject & Json;
    const facts = this.#store.facts(wanted);
    if (facts === undefined) throw noSuchKind();
    const metadata = childOf(wanted, 'metadata');
    if (facts.namespaced === true && metadata['namespace'] === undefined) throw namespaceMissing(wanted);
    if (facts.namespaced === false) delete metadata['namespace'];
    return wanted;
  }
}
