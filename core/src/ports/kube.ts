import type { Readable } from 'node:stream';
import type { KubeObject } from '../kernel/component.ts';
import { token } from '../kernel/token.ts';

/** Names one object. `namespace` is absent for cluster-scoped kinds. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Names a collection: one namespace, or all of them when `namespace` is absent. */
export interface CollectionRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
}

export interface ListOptions {
  /** Kubernetes label selector syntax. */
  readonly labelSelector?: string;
  /** Kubernetes field selector syntax. */
  readonly fieldSelector?: string;
  readonly signal?: AbortSignal;
}

export interface ListResult<T> {
  readonly items: readonly T[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends ListOptions {
  /** Absent: starts with an ADDED event for every present object. */
  readonly resourceVersion?: string;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface ApplyOptions {
  /** Who owns the fields: "epinio/<plugin id>". */
  readonly fieldManager: string;
  /** Take over fields that another manager owns. Default true: what the platform declares is the platform's. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export type PatchBody =
  | { readonly type: 'merge' | 'strategic'; readonly patch: Readonly<Record<string, unknown>> }
  | { readonly type: 'json'; readonly patch: readonly Readonly<Record<string, unknown>>[] };

export interface PatchOptions {
  /** "status" or "scale"; absent for the object itself. */
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly signal?: AbortSignal;
}

export interface DeleteOptions {
  /** What happens to owned objects; default "Background". */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly resourceVersion?: string;
  readonly uid?: string;
  readonly signal?: AbortSignal;
}

export interface PodLogOptions {
  readonly container?: string;
  readonly follow?: boolean;
  /** Lines from the end. */
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  /** Prefix every line with its RFC 3339 time in nanoseconds. */
  readonly timestamps?: boolean;
  /** Logs of the instance before the last restart. */
  readonly previous?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The Kubernetes API, any kind by apiVersion and kind. Errors are `EpinioError`s with the codes
 * `KUBE_NOT_FOUND` (404), `KUBE_ALREADY_EXISTS` (409 AlreadyExists), `KUBE_CONFLICT` (409 Conflict),
 * `KUBE_GONE` (410), `KUBE_INVALID` (422), `KUBE_FORBIDDEN` (401, 403), `KUBE_UNREACHABLE` (no answer)
 * and `KUBE_FAILED` (all else); the message is the API server's own.
 */
export interface Kube {
  /** @returns undefined when there is no such object, or no such kind. */
  get<T extends KubeObject = KubeObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined>;
  /** The whole collection, read in chunks; empty when there is no such kind. */
  list<T extends KubeObject = KubeObject>(ref: CollectionRef, options?: ListOptions): Promise<ListResult<T>>;
  /** Fails with `KUBE_ALREADY_EXISTS` when it is there. */
  create<T extends KubeObject>(object: T, signal?: AbortSignal): Promise<T>;
  /** Server-side apply: creates or updates; the same object twice changes nothing. */
  apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T>;
  /** A `metadata.resourceVersion` in the patch makes it conditional. */
  patch<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    body: PatchBody,
    options?: PatchOptions,
  ): Promise<T>;
  /** @returns false when it was already gone. */
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<boolean>;
  /** Ends when the server closes the stream or the signal is aborted; `KUBE_GONE` says to list again. */
  watch<T extends KubeObject = KubeObject>(
    ref: CollectionRef,
    options?: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  /** Log bytes, as the kubelet has them. */
  logs(
    pod: { readonly namespace: string; readonly name: string },
    options?: PodLogOptions,
  ): Promise<Readable>;
}

/** The connection to the platform's cluster. Made by core from the `cluster` contract. */
export const kube = token<Kube>('port:kube');
