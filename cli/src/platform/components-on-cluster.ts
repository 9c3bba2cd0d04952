import { componentStatuses, detectComponents, readRecord, type ComponentStatus } from '@epinio/core';
import { componentsFor } from './install-on-cluster.ts';
import { openCluster, type ClusterWork } from './on-cluster.ts';

/** The components of an installation as its cluster has them now. */
export async function componentsOnCluster(
  work: ClusterWork,
): Promise<{ readonly description: string; readonly statuses: readonly ComponentStatus[] }> {
  const { installation, signal } = work;
  await using opened = await openCluster(work);
  const { platform, api, description, executors } = opened;
  const [record, detected] = await Promise.all([
    readRecord(api, installation.loaded.settings.namespace, signal),
    detectComponents(platform, api, { signal }),
  ]);
  const components = componentsFor(opened, installation);
  const statuses = await componentStatuses({ kube: api, record, components, detected, executors, signal });
  return { description, statuses };
}
