import type { KubeObject, ObjectReference } from '@epinio/core';

/** Made by the platform for claims of its StorageClass. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
/** The provisioner of the StorageClass `local`. */
export const LOCAL_PROVISIONER = 'epinio.io/local';

export interface PersistentVolume extends KubeObject {
  readonly apiVersion: 'v1';
  readonly kind: 'PersistentVolume';
  readonly spec: {
    readonly capacity?: Readonly<Record<string, string>>;
    readonly accessModes?: readonly string[];
    readonly persistentVolumeReclaimPolicy?: 'Retain' | 'Delete' | 'Recycle';
    readonly storageClassName?: string;
    readonly volumeMode?: string;
    readonly claimRef?: ObjectReference;
    readonly csi?: { readonly driver: string; readonly volumeHandle: string };
    readonly nodeAffinity?: unknown;
  };
  readonly status?: { readonly phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed' };
}

/** Whether the volume is a folder of this platform's own. */
export function isLocalVolume({ metadata }: PersistentVolume): boolean {
  return metadata.annotations?.[PROVISIONED_BY] === LOCAL_PROVISIONER;
}
