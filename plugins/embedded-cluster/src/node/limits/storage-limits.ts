import type { Pod } from '@epinio/core';
import type { PodFolder } from '../layout.ts';
import { quantityBytes } from '../spec/pod-fields.ts';
import { diskUsage } from './disk-usage.ts';

const STORAGE = 'ephemeral-storage';

/** Whether anything of the pod's disk space is limited. */
export function hasStorageLimit({ spec }: Pod): boolean {
  return (
    (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
    spec.containers.some(({ resources }) => resources?.limits?.[STORAGE] !== undefined)
  );
}

/**
 * Why the pod has to be evicted, in the kubelet's words; undefined when it keeps to its limits: those of emptyDir
 * volumes, those of containers (what they write and log), and their sum for the pod with its emptyDirs.
 */
export async function storageExcess({ spec }: Pod, folder: PodFolder): Promise<string | undefined> {
  const emptyDirs = (spec.volumes ?? []).flatMap(({ name, emptyDir }) =>
    emptyDir === undefined ? [] : [{ name, sizeLimit: emptyDir.sizeLimit, folder: folder.volume(name) }],
  );
  const containers = spec.containers.map(({ name, resources }) => ({
    name,
    limit: resources?.limits?.[STORAGE],
    folder: folder.container(name),
  }));
  const usage = await diskUsage([...emptyDirs, ...containers].map((each) => each.folder));
  const over = (used: number, limit: string | undefined): boolean =>
    used > (quantityBytes(limit) ?? Infinity);
  const used = (path: string): number => usage.get(path) ?? 0;

  for (const { name, sizeLimit, folder: path } of emptyDirs) {
    if (over(used(path), sizeLimit))
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${sizeLimit ?? ''}". `;
  }
  for (const { name, limit, folder: path } of containers) {
    if (over(used(path), limit))
      return `Container ${name} exceeded its local ephemeral storage limit "${limit ?? ''}". `;
  }
  if (containers.some(({ limit }) => limit === undefined)) return undefined;
  const total = [...usage.values()].reduce((sum, bytes) => sum + bytes, 0);
  const allowed = containers.reduce((sum, { limit }) => sum + (quantityBytes(limit) ?? 0), 0);
  return total > allowed
    ? `Pod ephemeral local storage usage exceeds the total limit of containers ${allowed}. `
    : undefined;
}
