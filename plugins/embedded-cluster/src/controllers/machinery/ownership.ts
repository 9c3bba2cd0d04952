import type { Informer, Kube, KubeObject, LabelSelector, OwnerReference } from '@epinio/core';
import { selectorMatches } from '../../kinds/workloads/label-selector.ts';
import { refTo } from './controller.ts';

/** The owner that manages the object, if any. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** A reference that makes `owner` the manager of what carries it. */
export function controllerReference({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  return {
    ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' },
    ...{ controller: true, blockOwnerDeletion: true },
  };
}

/**
 * The objects that `owner` manages. Those that match its selector and belong to nobody are taken over; those that
 * it manages and that match no longer are let go, as Kubernetes' controllers do.
 */
export async function claimOwned<T extends KubeObject>(
  kube: Kube,
  owner: KubeObject,
  selector: LabelSelector | undefined,
  informer: Pick<Informer<T>, 'list'>,
): Promise<T[]> {
  const owned: T[] = [];
  for (const object of informer.list(owner.metadata.namespace)) {
    const controller = controllerOf(object);
    const matches = selectorMatches(selector, object.metadata.labels ?? {});
    if (controller?.uid === owner.metadata.uid) {
      if (matches) owned.push(object);
      else await release(kube, owner, object);
    } else if (controller === undefined && matches && canAdopt(owner, object)) {
      owned.push(await adopt(kube, owner, object));
    }
  }
  return owned;
}

function canAdopt(owner: KubeObject, object: KubeObject): boolean {
  return owner.metadata.deletionTimestamp === undefined && object.metadata.deletionTimestamp === undefined;
}

async function adopt<T extends KubeObject>(kube: Kube, owner: KubeObject, object: T): Promise<T> {
  const { ownerReferences = [], uid, resourceVersion } = object.metadata;
  const references = [...ownerReferences, controllerReference(owner)];
  const metadata = { ownerReferences: references, uid, resourceVersion };
  return await kube.patch<T>(refTo(object), { type: 'merge', patch: { metadata } });
}

async function release(kube: Kube, owner: KubeObject, object: KubeObject): Promise<void> {
  const { ownerReferences = [], uid, resourceVersion } = object.metadata;
  const references = ownerReferences.filter((reference) => reference.uid !== owner.metadata.uid);
  const metadata = { ownerReferences: references, uid, resourceVersion };
  await kube.patch(refTo(object), { type: 'merge', patch: { metadata } });
}
