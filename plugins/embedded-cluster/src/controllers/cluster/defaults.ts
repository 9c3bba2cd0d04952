import { hasCode, type Kube, type KubeObject } from '@epinio/core';
import { SYSTEM_PRIORITY_CLASSES } from '../../kinds/policy/priority-class.ts';
import { LOCAL_PROVISIONER } from '../pods/persistent-volume.ts';

const DEFAULTS: readonly KubeObject[] = [
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: LOCAL_PROVISIONER,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  },
  ...SYSTEM_PRIORITY_CLASSES.map(({ name, value, description }) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    ...{ value, description },
  })),
];

/** Makes what a new cluster has. What was changed or removed since stays so: a class that was deleted comes back, though. */
export async function makeDefaults(kube: Kube): Promise<void> {
  for (const object of DEFAULTS) {
    await kube.create(object).catch((error: unknown) => {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
    });
  }
}
