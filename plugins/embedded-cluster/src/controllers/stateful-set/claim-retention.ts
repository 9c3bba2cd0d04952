import type { KubeObject, OwnerReference, PersistentVolumeClaim, Pod } from '@epinio/core';
import { controllerReference } from '../machinery/ownership.ts';
import { isInRange, ordinalOf } from './identity.ts';
import type { StatefulSet } from './stateful-set-kind.ts';

/**
 * Pure: the owners of a claim as persistentVolumeClaimRetentionPolicy has it. One that belongs to the set goes with
 * the set; one that belongs to a pod that is too many goes with the pod; others stay.
 */
export function claimOwners(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
): readonly OwnerReference[] {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } =
    set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const isOf = (reference: OwnerReference, { kind, metadata }: KubeObject): boolean =>
    reference.kind === kind && reference.name === metadata.name;
  const others = (claim.metadata.ownerReferences ?? []).filter(
    (reference) => !isOf(reference, set) && !isOf(reference, pod),
  );
  if (others.some(({ controller }) => controller === true)) return others;
  const isSpare = !isInRange(set, ordinalOf(set, pod) ?? -1);
  if (whenScaled === 'Delete' && isSpare) return [...others, controllerReference(pod)];
  return whenDeleted === 'Delete' && !isSpare ? [...others, controllerReference(set)] : others;
}
