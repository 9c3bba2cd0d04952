import type { Informer, KubeObject, PersistentVolumeClaim, Pod } from '@epinio/core';
import { hasCode } from '@epinio/core';
import {
  defineController,
  follow,
  keyOf,
  refTo,
  splitKey,
  type Controller,
  type ControllerContext,
  type ControllerParts,
} from '../machinery/controller.ts';
import {
  isLocalVolume,
  LOCAL_PROVISIONER,
  PROVISIONED_BY,
  type PersistentVolume,
} from '../pods/persistent-volume.ts';
import { isFinished } from '../pods/pod-facts.ts';

export interface StorageClass extends KubeObject {
  readonly provisioner?: string;
  readonly reclaimPolicy?: 'Delete' | 'Retain';
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
}

/** Keeps a claim while a pod uses it (kubernetes.io/docs: Storage Object in Use Protection). */
const IN_USE = 'kubernetes.io/pvc-protection';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';

/**
 * Binds PersistentVolumeClaims of the local StorageClass to a volume of their own, once a pod wants them, and
 * releases volumes whose claims are gone. The volume is a folder that the node makes, and removes once released.
 */
export function claimController(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const claims = informers.open<PersistentVolumeClaim>({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  const volumes: Informer<PersistentVolume> = informers.open<PersistentVolume>({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
  });
  const classes = informers.open<StorageClass>({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' });
  const pods = informers.open<Pod>({ apiVersion: 'v1', kind: 'Pod' });

  return defineController(context, {
    name: 'persistentvolume-controller',
    informers: [claims, volumes, classes, pods],
    concurrency: 1,

    subscribe: (queue) => [
      follow(claims, (claim) => queue.add(keyOf(claim))),
      follow(volumes, ({ spec: { claimRef } }) => {
        if (claimRef !== undefined) queue.add(`${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`);
      }),
      follow(classes, () => {
        for (const claim of claims.list()) if (claim.status?.phase !== 'Bound') queue.add(keyOf(claim));
      }),
      follow(pods, ({ metadata, spec }) => {
        for (const { persistentVolumeClaim: claim } of spec.volumes ?? []) {
          if (claim !== undefined) queue.add(`${metadata.namespace ?? ''}/${claim.claimName}`);
        }
      }),
    ],

    async sync(key, parts) {
      const { namespace, name } = splitKey(key);
      const claim = claims.get(namespace, name);
      await releaseVolumes(namespace, name, claim?.metadata.uid);
      if (claim === undefined) return;
      if (claim.metadata.deletionTimestamp !== undefined) await letGo(claim);
      else if (claim.status?.phase !== 'Bound') await bind(claim, parts);
    },
  });

  function users({ metadata }: PersistentVolumeClaim): readonly Pod[] {
    return pods
      .list(metadata.namespace)
      .filter(({ spec }) =>
        (spec.volumes ?? []).some(({ persistentVolumeClaim: used }) => used?.claimName === metadata.name),
      );
  }

  async function bind(claim: PersistentVolumeClaim, { events }: ControllerParts): Promise<void> {
    const { storageClassName = '', volumeName, accessModes = [], resources } = claim.spec ?? {};
    const storageClass = classes.get(undefined, storageClassName);
    if (storageClass?.provisioner !== LOCAL_PROVISIONER) {
      const reason =
        storageClass === undefined
          ? `storageclass.storage.k8s.io "${storageClassName}" not found`
          : `nothing here provisions "${storageClass.provisioner ?? ''}"`;
      events.event(claim, 'Warning', 'ProvisioningFailed', reason);
      return;
    }
    if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && users(claim).length === 0) {
      events.event(
        claim,
        'Normal',
        'WaitForFirstConsumer',
        'waiting for first consumer to be created before binding',
      );
      return;
    }
    const { uid = '', namespace = '', name } = claim.metadata;
    const capacity = { storage: resources?.requests?.['storage'] ?? '0' };
    const volume: PersistentVolume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volumeName ?? `pvc-${uid}`, annotations: { [PROVISIONED_BY]: LOCAL_PROVISIONER } },
      spec: {
        ...{ capacity, accessModes, storageClassName, volumeMode: 'Filesystem' },
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
        csi: { driver: LOCAL_PROVISIONER, volumeHandle: volumeName ?? `pvc-${uid}` },
      },
    };
    try {
      await kube.create<PersistentVolume>(volume);
      events.event(
        claim,
        'Normal',
        'ProvisioningSucceeded',
        `Successfully provisioned volume ${volume.metadata.name}`,
      );
    } catch (error) {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error; // made by an earlier look whose end nobody saw
    }
    await setPhase(volume, 'Bound');
    const finalizers = [...new Set([...(claim.metadata.finalizers ?? []), IN_USE])];
    const annotations = { [BIND_COMPLETED]: 'yes', [BOUND_BY_CONTROLLER]: 'yes' };
    await kube.patch(refTo(claim), {
      type: 'merge',
      patch: { metadata: { uid, finalizers, annotations }, spec: { volumeName: volume.metadata.name } },
    });
    const status = { phase: 'Bound', accessModes, capacity };
    await kube.patch(refTo(claim), { type: 'merge', patch: { status } }, { subresource: 'status' });
  }

  /** A claim that is being deleted goes when no pod uses it any more. */
  async function letGo(claim: PersistentVolumeClaim): Promise<void> {
    const { finalizers = [], uid, resourceVersion } = claim.metadata;
    if (!finalizers.includes(IN_USE) || users(claim).some((pod) => !isFinished(pod))) return;
    const left = finalizers.filter((finalizer) => finalizer !== IN_USE);
    await kube.patch(refTo(claim), {
      type: 'merge',
      patch: { metadata: { uid, resourceVersion, finalizers: left } },
    });
  }

  /** Volumes that were of a claim that is not there any more. */
  async function releaseVolumes(namespace: string, name: string, uid: string | undefined): Promise<void> {
    for (const volume of volumes.list()) {
      const { claimRef } = volume.spec;
      const isOf = claimRef?.namespace === namespace && claimRef.name === name;
      if (!isOf || claimRef.uid === uid || volume.status?.phase === 'Released' || !isLocalVolume(volume))
        continue;
      await setPhase(volume, 'Released');
    }
  }

  async function setPhase(volume: PersistentVolume, phase: 'Bound' | 'Released'): Promise<void> {
    await kube.patch(
      refTo(volume),
      { type: 'merge', patch: { status: { phase } } },
      { subresource: 'status' },
    );
  }
}
