import { randomUUID } from 'node:crypto';
import type { KubeObject, ObjectMeta } from '../kernel/component.ts';
import { kubeError } from '../kube/kube-error.ts';
import type { CollectionRef, ObjectRef } from '../ports/kube.ts';
import { FieldOwners } from './fake-apply.ts';
import { describe } from './fake-failures.ts';
import { freezeDeep, type Json, overTheWire, sameJson } from './fake-json.ts';
import { groupOf, isBuiltIn, kindFacts, validate } from './fake-kinds.ts';
import { completed, withoutServerFields } from './fake-server-fields.ts';
import { FakeWatches } from './fake-watches.ts';

export interface FakeStoreOptions {
  readonly requireDefinitions: boolean;
  readonly rollsOut: boolean;
  readonly historySize: number;
  readonly now: () => number;
}

/** An object together with who applied which of its fields. */
export interface Stored {
  object: KubeObject;
  readonly owners: FieldOwners;
}

const FOREGROUND = 'foregroundDeletion';

/** The objects of a `FakeKube`, with what the server does to them: versions, finalizers, owners, namespaces. */
export class FakeStore {
  readonly watches: FakeWatches;
  readonly #options: FakeStoreOptions;
  readonly #objects = new Map<string, Stored>();
  #version = 0;

  constructor(options: FakeStoreOptions) {
    this.#options = options;
    this.watches = new FakeWatches(options.historySize);
  }

  get version(): number {
    return this.#version;
  }

  /** Sorted by kind, namespace and name. */
  all(): KubeObject[] {
    const byKey = ([a]: [string, Stored], [b]: [string, Stored]): number => (a < b ? -1 : 1);
    return [...this.#objects].sort(byKey).map(([, { object }]) => object);
  }

  find(ref: ObjectRef): Stored | undefined {
    return this.#objects.get(this.#key(ref));
  }

  /** What the server knows of a kind; undefined when it does not have it. */
  facts({ apiVersion, kind }: CollectionRef): ReturnType<typeof kindFacts> {
    if (isBuiltIn(apiVersion)) return kindFacts(apiVersion, kind, undefined);
    for (const { object } of this.#objects.values()) {
      if (object.kind !== 'CustomResourceDefinition') continue;
      const spec = object['spec'] as { readonly group: string; readonly names: { readonly kind: string } };
      if (spec.group === groupOf(apiVersion) && spec.names.kind === kind)
        return kindFacts(apiVersion, kind, object);
    }
    return this.#options.requireDefinitions ? undefined : kindFacts(apiVersion, kind, undefined);
  }

  /** @param verbatim keeps the status and asks for no namespace. */
  insert(wanted: KubeObject, owners = new FieldOwners(), { verbatim = false } = {}): KubeObject {
    validate(wanted);
    if (!verbatim) this.#checkNamespace(wanted);
    const { uid, creationTimestamp, ...metadata } = wanted.metadata;
    const object: KubeObject & Json = {
      ...wanted,
      metadata: {
        ...metadata,
        uid: (verbatim ? uid : undefined) ?? randomUUID(),
        creationTimestamp: (verbatim ? creationTimestamp : undefined) ?? this.#timestamp(),
        ...('spec' in wanted ? { generation: metadata.generation ?? 1 } : {}),
      },
    };
    if (!verbatim && this.facts(wanted)?.hasStatus === true) delete object['status'];
    const stored: Stored = { object: verbatim ? object : completed(object, this.#options.rollsOut), owners };
    this.#objects.set(this.#key(refOf(object)), stored);
    return this.#publish('ADDED', stored, undefined);
  }

  /** Nothing happens when the object is already so. @param how an apply keeps its own record of fields. */
  update(stored: Stored, wanted: KubeObject, how: 'applied' | 'written' = 'written'): KubeObject {
    const before = stored.object;
    validate(wanted, before);
    const changed = !sameJson(withoutServerFields(before), withoutServerFields(wanted));
    const object = { ...wanted, metadata: { ...wanted.metadata, ...kept(before.metadata, changed) } };
    stored.object = completed(overTheWire(object), this.#options.rollsOut);
    if (sameJson(before, stored.object)) {
      stored.object = before;
      return before;
    }
    if (how === 'written') stored.owners.written(before, stored.object);
    const { deletionTimestamp, finalizers = [] } = stored.object.metadata;
    if (deletionTimestamp === undefined || finalizers.length > 0)
      return this.#publish('MODIFIED', stored, before);
    return this.#remove(stored);
  }

  delete(stored: Stored, propagation: 'Background' | 'Foreground' | 'Orphan'): void {
    const { object } = stored;
    const dependents = this.#dependents(object);
    if (propagation === 'Orphan') for (const dependent of dependents) this.#disown(dependent, object);
    const waits = propagation === 'Foreground' && this.#blocking(object).length > 0 ? [FOREGROUND] : [];
    const contents = object.kind === 'Namespace' ? this.#contents(object.metadata.name) : [];
    const finalizers = [...new Set([...(object.metadata.finalizers ?? []), ...waits])];
    if (finalizers.length === 0 && contents.length === 0) {
      this.#remove(stored);
      return;
    }
    if (object.metadata.deletionTimestamp === undefined) {
      const metadata = { ...object.metadata, deletionTimestamp: this.#timestamp() };
      const terminating = object.kind === 'Namespace' ? { status: { phase: 'Terminating' } } : {};
      stored.object = {
        ...object,
        metadata: finalizers.length > 0 ? { ...metadata, finalizers } : metadata,
        ...terminating,
      };
      this.#publish('MODIFIED', stored, object);
    }
    for (const content of contents) this.delete(content, 'Background');
    if (waits.length > 0) for (const dependent of dependents) this.delete(dependent, 'Foreground');
  }

  /** A version that no object has, after which nothing is remembered of what came before. */
  forgetHistory(): void {
    this.#version += 1;
    this.watches.forget(this.#version);
  }

  #remove(stored: Stored): KubeObject {
    const gone = stored.object;
    this.#objects.delete(this.#key(refOf(gone)));
    const last = this.#publish('DELETED', stored, gone);
    for (const dependent of this.#dependents(gone)) {
      const owners = dependent.object.metadata.ownerReferences ?? [];
      if (!owners.some(({ uid }) => this.#byUid(uid) !== undefined)) this.delete(dependent, 'Background');
    }
    for (const { uid } of gone.metadata.ownerReferences ?? []) this.#finishForeground(uid);
    this.#finishNamespace(gone.metadata.namespace);
    return last;
  }

  #publish(
    type: 'ADDED' | 'MODIFIED' | 'DELETED',
    stored: Stored,
    before: KubeObject | undefined,
  ): KubeObject {
    const version = ++this.#version;
    const metadata = { ...stored.object.metadata, resourceVersion: String(version) };
    stored.object = freezeDeep({ ...stored.object, metadata });
    this.watches.record({
      version,
      type,
      object: stored.object,
      ...(before === undefined ? {} : { before }),
    });
    return stored.object;
  }

  #checkNamespace(wanted: KubeObject): void {
    const { namespace } = wanted.metadata;
    if (namespace === undefined) return;
    const place = this.find({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
    if (place === undefined) {
      throw kubeError({ code: 404, reason: 'NotFound', message: `namespaces "${namespace}" not found` });
    }
    if (place.object.metadata.deletionTimestamp !== undefined) {
      const reason = `unable to create new content in namespace ${namespace} because it is being terminated`;
      throw kubeError({
        code: 403,
        reason: 'Forbidden',
        message: `${describe(wanted)} is forbidden: ${reason}`,
      });
    }
  }

  #disown(dependent: Stored, owner: KubeObject): void {
    const { ownerReferences = [] } = dependent.object.metadata;
    const left = ownerReferences.filter(({ uid }) => uid !== owner.metadata.uid);
    this.update(dependent, {
      ...dependent.object,
      metadata: { ...dependent.object.metadata, ownerReferences: left },
    });
  }

  /** An owner that waits for its dependents goes when the last of them has gone. */
  #finishForeground(uid: string): void {
    const owner = this.#byUid(uid);
    if (owner === undefined || this.#blocking(owner.object).length > 0) return;
    const { finalizers = [] } = owner.object.metadata;
    if (!finalizers.includes(FOREGROUND)) return;
    const left = finalizers.filter((finalizer) => finalizer !== FOREGROUND);
    this.update(owner, { ...owner.object, metadata: { ...owner.object.metadata, finalizers: left } });
  }

  #finishNamespace(name: string | undefined): void {
    const stored = name === undefined ? undefined : this.find({ apiVersion: 'v1', kind: 'Namespace', name });
    if (name === undefined || stored?.object.metadata.deletionTimestamp === undefined) return;
    const { finalizers = [] } = stored.object.metadata;
    if (finalizers.length === 0 && this.#contents(name).length === 0) this.#remove(stored);
  }

  #contents(namespace: string): Stored[] {
    return [...this.#objects.values()].filter(({ object }) => object.metadata.namespace === namespace);
  }

  #dependents(owner: KubeObject): Stored[] {
    return [...this.#objects.values()].filter(({ object }) => ownerReference(object, owner) !== undefined);
  }

  #blocking(owner: KubeObject): Stored[] {
    return this.#dependents(owner).filter(
      ({ object }) => ownerReference(object, owner)?.blockOwnerDeletion === true,
    );
  }

  #byUid(uid: string): Stored | undefined {
    return [...this.#objects.values()].find(({ object }) => object.metadata.uid === uid);
  }

  #key(ref: ObjectRef): string {
    const namespaced = this.facts(ref)?.namespaced ?? true;
    return [ref.apiVersion, ref.kind, namespaced ? (ref.namespace ?? '') : '', ref.name].join('|');
  }

  #timestamp(): string {
    return new Date(this.#options.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

export function refOf({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): ObjectRef {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function ownerReference(
  object: KubeObject,
  owner: KubeObject,
): { readonly blockOwnerDeletion?: boolean } | undefined {
  return object.metadata.ownerReferences?.find(({ uid }) => uid === owner.metadata.uid);
}

/** What no write changes. */
function kept(before: ObjectMeta, changed: boolean): Partial<ObjectMeta> {
  const { name, namespace, uid, creationTimestamp, deletionTimestamp, resourceVersion, generation } = before;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(generation === undefined ? {} : { generation: changed ? generation + 1 : generation }),
  };
}
