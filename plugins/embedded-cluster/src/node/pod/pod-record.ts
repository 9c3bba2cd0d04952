import { mkdirSync } from 'node:fs';
import { readTextIfAny, writeFileAtomic } from '../files.ts';
import type { PodFolder } from '../layout.ts';

/** What the node has decided for a pod, kept over restarts of the platform. */
export interface PodRecord {
  /** Its user; absent when pods have none of their own. */
  readonly uid?: number;
  /** PORT by container. */
  readonly ports: Readonly<Record<string, number>>;
}

/** @returns undefined for a pod that this node has not begun with. */
export function readPodRecord(folder: PodFolder): PodRecord | undefined {
  const text = readTextIfAny(folder.record);
  return text === undefined ? undefined : (JSON.parse(text) as PodRecord);
}

/** Makes the pod's folder with it. */
export function writePodRecord(folder: PodFolder, record: PodRecord): void {
  mkdirSync(folder.root, { recursive: true, mode: 0o711 });
  writeFileAtomic(folder.record, JSON.stringify(record));
}
