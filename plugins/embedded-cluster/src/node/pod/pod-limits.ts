import { pauseUnlessAborted } from '../container/attend-container.ts';
import { hasStorageLimit, storageExcess } from '../limits/storage-limits.ts';
import type { PodHandle } from './pod-handle.ts';

/** Why the node ends a pod for good. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  /** It gets no time to end by itself. */
  readonly isUrgent: boolean;
}

/** Resolves when the pod has been active for too long; undefined when it has ended before. */
export async function untilDeadline(
  handle: PodHandle,
  startTime: string,
  signal: AbortSignal,
): Promise<PodFailure | undefined> {
  const { activeDeadlineSeconds } = handle.pod().spec;
  if (activeDeadlineSeconds === undefined) return undefined;
  const { clock } = handle.node;
  const left = Date.parse(startTime) + activeDeadlineSeconds * 1000 - clock.now();
  await pauseUnlessAborted(clock, Math.max(0, left), signal);
  if (signal.aborted) return undefined;
  const message = 'Pod was active on the node longer than the specified deadline';
  return { reason: 'DeadlineExceeded', message, isUrgent: false };
}

/** Resolves when the pod takes more disk space than it may; undefined when it has ended before. */
export async function untilExcess(handle: PodHandle, signal: AbortSignal): Promise<PodFailure | undefined> {
  if (!hasStorageLimit(handle.pod())) return undefined;
  const { clock, timings } = handle.node;
  while (!signal.aborted) {
    const startedAt = clock.elapsed();
    const message = await storageExcess(handle.pod(), handle.folder);
    if (message !== undefined) {
      handle.event('Warning', 'Evicted', message);
      return { reason: 'Evicted', message, isUrgent: true };
    }
    // A look at many files takes long: it may take a tenth of the time.
    await pauseUnlessAborted(clock, Math.max(timings.diskPollMs, 9 * (clock.elapsed() - startedAt)), signal);
  }
  return undefined;
}
