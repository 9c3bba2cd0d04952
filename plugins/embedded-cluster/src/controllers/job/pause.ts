import type { Pod } from '@epinio/core';

/** Pause before the pod that follows a failed one; doubles. */
const BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 360_000;

/** Milliseconds that the next pod waits after so many failures. */
export function pauseAfter(failures: number): number {
  return failures === 0 ? 0 : Math.min(BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
}

/** When the pod failed, as far as it is known. */
export function failedAt({ status, metadata }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ''),
  );
  const known = ends.filter((time) => !Number.isNaN(time));
  return known.length > 0 ? Math.max(...known) : Date.parse(metadata.creationTimestamp ?? '');
}
