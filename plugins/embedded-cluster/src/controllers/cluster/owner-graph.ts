import type { KubeObject, ObjectRef, OwnerReference } from '@epinio/core';
import { refTo } from '../machinery/controller.ts';

/** What is known of an object that owns, is owned, or is being deleted. */
export interface OwnedNode {
  readonly uid: string;
  readonly ref: ObjectRef;
  readonly resourceVersion: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly isDeleting: boolean;
}

/** Who owns whom, by uid. */
export class OwnerGraph {
  readonly #nodes = new Map<string, OwnedNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): OwnedNode | undefined {
    return this.#nodes.get(uid);
  }

  dependentsOf(uid: string): readonly OwnedNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  /** @returns the uids that have to be looked at for it */
  put(object: KubeObject): readonly string[] {
    const {
      uid = '',
      resourceVersion = '',
      ownerReferences = [],
      finalizers = [],
      deletionTimestamp,
    } = object.metadata;
    const before = this.#nodes.get(uid);
    const isDeleting = deletionTimestamp !== undefined;
    const node = {
      uid,
      ref: refTo(object),
      resourceVersion,
      owners: ownerReferences,
      finalizers,
      isDeleting,
    };
    this.#nodes.set(uid, node);
    for (const { uid: owner } of before?.owners ?? []) {
      if (!ownerReferences.some((each) => each.uid === owner)) this.#unlink(owner, uid);
    }
    for (const { uid: owner } of ownerReferences) this.#link(owner, uid);
    const isNews = before === undefined || isDeleting || before.owners.length !== ownerReferences.length;
    return isNews && (isDeleting || ownerReferences.length > 0) ? [uid] : [];
  }

  /** @returns the uids that have to be looked at for it: what it owned, and what waited for it */
  remove(uid: string): readonly string[] {
    const node = this.#nodes.get(uid);
    this.#nodes.delete(uid);
    for (const { uid: owner } of node?.owners ?? []) this.#unlink(owner, uid);
    return [...(this.#dependents.get(uid) ?? []), ...(node?.owners ?? []).map((owner) => owner.uid)];
  }

  #link(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    if (dependents === undefined) this.#dependents.set(owner, new Set([dependent]));
    else dependents.add(dependent);
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(dependent);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }
}
