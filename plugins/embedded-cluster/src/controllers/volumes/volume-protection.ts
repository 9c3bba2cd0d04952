import {
  defineController,
  follow,
  refTo,
  type Controller,
  type ControllerContext,
} from '../machinery/controller.ts';
import type { PersistentVolume } from '../pods/persistent-volume.ts';

/** Keeps a volume while a claim is bound to it (kubernetes.io/docs: Storage Object in Use Protection). */
const IN_USE = 'kubernetes.io/pv-protection';

/** Lets volumes go that are being deleted, once no claim is bound to them. */
export function volumeProtectionController(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const volumes = informers.open<PersistentVolume>({ apiVersion: 'v1', kind: 'PersistentVolume' });
  return defineController(context, {
    name: 'pv-protection-controller',
    informers: [volumes],
    subscribe: (queue) => [follow(volumes, ({ metadata }) => queue.add(metadata.name))],

    async sync(name) {
      const volume = volumes.get(undefined, name);
      if (volume === undefined) return;
      const { deletionTimestamp, finalizers = [], uid, resourceVersion } = volume.metadata;
      const isHeld = deletionTimestamp !== undefined && finalizers.includes(IN_USE);
      if (!isHeld || volume.status?.phase === 'Bound') return;
      const left = finalizers.filter((finalizer) => finalizer !== IN_USE);
      const metadata = { uid, resourceVersion, finalizers: left };
      await kube.patch(refTo(volume), { type: 'merge', patch: { metadata } });
    },
  });
}
