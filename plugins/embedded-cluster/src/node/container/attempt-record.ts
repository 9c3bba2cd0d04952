import { readdirSync } from 'node:fs';
import { isMissingFile, readTextIfAny, writeFileAtomic } from '../files.ts';
import type { AttemptFolder } from '../layout.ts';
import type { ContainerCgroups } from '../limits/resource-limiter.ts';

/** What was decided before a run of a container was started; written first, so that a run is never without it. */
export interface AttemptRecord {
  readonly boot: string;
  /** Of the image. */
  readonly digest: string;
  /** The control groups that it is in. */
  readonly cgroups?: ContainerCgroups;
  /** Why the node itself has ended it. */
  readonly ended?: { readonly reason: string; readonly message?: string };
}

/** @returns undefined when nothing was started. */
export function readAttempt(folder: AttemptFolder): AttemptRecord | undefined {
  const text = readTextIfAny(folder.record);
  return text === undefined ? undefined : (JSON.parse(text) as AttemptRecord);
}

export function writeAttempt(folder: AttemptFolder, record: AttemptRecord): void {
  writeFileAtomic(folder.record, JSON.stringify(record));
}

/** Numbers of the runs of a container that are kept, oldest first. */
export function listAttempts(containerFolder: string): readonly number[] {
  try {
    return readdirSync(containerFolder)
      .map(Number)
      .filter(Number.isInteger)
      .sort((a, b) => a - b);
  } catch (error) {
    if (isMissingFile(error)) return [];
    throw error;
  }
}
