import { at, isObject, objectsAt, stringAt, textOf } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { age } from './age.ts';

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode. */
export function claimCells(claim: ApiObject, now: number): readonly unknown[] {
  const volume = stringAt(claim, 'spec', 'volumeName') ?? '';
  const phase =
    claim.metadata.deletionTimestamp === undefined ? stringAt(claim, 'status', 'phase') : 'Terminating';
  return [
    phase ?? '',
    volume,
    volume === '' ? '' : textOf(at(claim, 'status', 'capacity', 'storage')),
    volume === '' ? '' : modes(at(claim, 'status', 'accessModes')),
    stringAt(claim, 'spec', 'storageClassName') ?? '',
    stringAt(claim, 'spec', 'volumeAttributesClassName') ?? '<unset>',
    age(claim.metadata.creationTimestamp, now),
    stringAt(claim, 'spec', 'volumeMode') ?? '<unset>',
  ];
}

/** Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age, VolumeMode. */
export function volumeCells(volume: ApiObject, now: number): readonly unknown[] {
  const claim = at(volume, 'spec', 'claimRef');
  const phase =
    volume.metadata.deletionTimestamp === undefined ? stringAt(volume, 'status', 'phase') : 'Terminating';
  return [
    textOf(at(volume, 'spec', 'capacity', 'storage')),
    modes(at(volume, 'spec', 'accessModes')),
    stringAt(volume, 'spec', 'persistentVolumeReclaimPolicy') ?? '',
    phase ?? '',
    isObject(claim) ? `${stringAt(claim, 'namespace') ?? ''}/${stringAt(claim, 'name') ?? ''}` : '',
    stringAt(volume, 'spec', 'storageClassName') ?? '',
    stringAt(volume, 'spec', 'volumeAttributesClassName') ?? '<unset>',
    stringAt(volume, 'status', 'reason') ?? '',
    age(volume.metadata.creationTimestamp, now),
    stringAt(volume, 'spec', 'volumeMode') ?? '<unset>',
  ];
}

/** Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age. */
export function storageClassCells(storageClass: ApiObject, now: number): readonly unknown[] {
  return [
    stringAt(storageClass, 'provisioner') ?? '',
    stringAt(storageClass, 'reclaimPolicy') ?? 'Delete',
    stringAt(storageClass, 'volumeBindingMode') ?? 'Immediate',
    String(storageClass['allowVolumeExpansion'] === true),
    age(storageClass.metadata.creationTimestamp, now),
  ];
}

/** The default class is marked in its name. */
export function storageClassName({ metadata }: ApiObject): string {
  const byDefault = metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
  return byDefault ? `${metadata.name} (default)` : metadata.name;
}

/** AttachRequired, PodInfoOnMount, StorageCapacity, TokenRequests, RequiresRepublish, Modes, Age. */
export function csiDriverCells(driver: ApiObject, now: number): readonly unknown[] {
  const flag = (name: string, byDefault = false): unknown => at(driver, 'spec', name) ?? byDefault;
  const tokens = at(driver, 'spec', 'tokenRequests');
  const lifecycles = at(driver, 'spec', 'volumeLifecycleModes');
  return [
    flag('attachRequired', true),
    flag('podInfoOnMount'),
    flag('storageCapacity'),
    Array.isArray(tokens) ? tokens.map((token) => stringAt(token, 'audience') ?? '').join(',') : '<unset>',
    flag('requiresRepublish'),
    Array.isArray(lifecycles) && lifecycles.length > 0 ? lifecycles.join(',') : '<none>',
    age(driver.metadata.creationTimestamp, now),
  ];
}

/** Drivers, Age. */
export function csiNodeCells(node: ApiObject, now: number): readonly unknown[] {
  return [objectsAt(node, 'spec', 'drivers').length, age(node.metadata.creationTimestamp, now)];
}

/** StorageClassName, Capacity. */
export function csiStorageCapacityCells(capacity: ApiObject): readonly unknown[] {
  return [stringAt(capacity, 'storageClassName') ?? '', textOf(capacity['capacity']) || '<unset>'];
}

/** Attacher, PV, Node, Attached, Age. */
export function volumeAttachmentCells(attachment: ApiObject, now: number): readonly unknown[] {
  return [
    stringAt(attachment, 'spec', 'attacher') ?? '',
    stringAt(attachment, 'spec', 'source', 'persistentVolumeName') ?? '',
    stringAt(attachment, 'spec', 'nodeName') ?? '',
    at(attachment, 'status', 'attached') === true,
    age(attachment.metadata.creationTimestamp, now),
  ];
}

function modes(value: unknown): string {
  return Array.isArray(value) ? value.map((mode) => MODES[String(mode)] ?? String(mode)).join(',') : '';
}
