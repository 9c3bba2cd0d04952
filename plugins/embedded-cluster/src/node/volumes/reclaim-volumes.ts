import { rm } from 'node:fs/promises';
import { messageOf, type Informer, type Kube, type KubeObject, type Log } from '@epinio/core';
import { isLocalVolume, type PersistentVolume } from '../../controllers/pods/persistent-volume.ts';
import type { NodeLayout } from '../layout.ts';

/**
 * Removes the data of PersistentVolumes that were released by their claims and are to be deleted, then the
 * objects. Returns what ends it.
 */
export function reclaimVolumes(options: {
  readonly kube: Kube;
  readonly volumes: Informer<PersistentVolume & KubeObject>;
  readonly layout: NodeLayout;
  readonly log: Log;
}): () => void {
  const { kube, volumes, layout, log } = options;
  const busy = new Set<string>();

  async function reclaim(volume: PersistentVolume): Promise<void> {
    const { name } = volume.metadata;
    const isDue =
      isLocalVolume(volume) &&
      volume.status?.phase === 'Released' &&
      (volume.spec.persistentVolumeReclaimPolicy ?? 'Delete') === 'Delete';
    if (!isDue || busy.has(name)) return;
    busy.add(name);
    try {
      await rm(layout.persistentVolume(name), { recursive: true, force: true });
      await kube.delete({ apiVersion: 'v1', kind: 'PersistentVolume', name });
    } catch (error) {
      log.warn('A released volume could not be removed', { volume: name, reason: messageOf(error) });
    } finally {
      busy.delete(name);
    }
  }

  const unsubscribe = volumes.subscribe(({ type, object }) => {
    if (type !== 'deleted') void reclaim(object);
  });
  for (const volume of volumes.list()) void reclaim(volume);
  return unsubscribe;
}
