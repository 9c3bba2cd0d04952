import { hasCode, isEpinioError, messageOf, type Container } from '@epinio/core';
import { pullCredentials } from '../image/pull-secrets.ts';
import type { UnpackedImage } from '../image/image-folder.ts';
import type { PodHandle } from '../pod/pod-handle.ts';

/** The kubelet shows the error for a moment, then that it waits. */
const ERROR_SHOWN_MS = 1000;

/** Sets why a container waits; see kubelet's waiting reasons. */
export type SetWaiting = (reason: string, message?: string) => void;

/** The container's image: tries until it is here or the signal is aborted, and says why it is not yet. */
export async function pullContainerImage(
  handle: PodHandle,
  container: Container,
  setWaiting: SetWaiting,
  signal: AbortSignal,
): Promise<UnpackedImage> {
  const { images, clock, timings, kube } = handle.node;
  const reference = container.image ?? '';
  const policy =
    container.imagePullPolicy ?? (/(:latest|\/[^:@]*|^[^:@/]*)$/.test(reference) ? 'Always' : 'IfNotPresent');
  let pauseMs = timings.pullBackoffMs;
  for (;;) {
    const startedAt = clock.elapsed();
    const state = { pulled: false };
    const pulling = (): void => {
      state.pulled = true;
      handle.event('Normal', 'Pulling', `Pulling image "${reference}"`, container);
    };
    try {
      const image = await images.ensure({
        ...{ reference, policy, signal },
        auths: () => pullCredentials(kube, handle.pod()),
        onPull: pulling,
      });
      const took = `${((clock.elapsed() - startedAt) / 1000).toFixed(3)}s`;
      const served =
        image.servedBy && `Container image "${reference}" is served by ${image.servedBy} of this machine`;
      const how = state.pulled
        ? `Successfully pulled image "${reference}" in ${took}. Image size: ${image.bytes} bytes.`
        : `Container image "${reference}" already present on machine`;
      handle.event('Normal', 'Pulled', served ?? how, container);
      return image;
    } catch (error) {
      signal.throwIfAborted();
      const reason = waitingReason(error);
      const message = `Failed to pull image "${reference}": ${messageOf(error)}`;
      if (reason === 'ErrImagePull' && !state.pulled) pulling();
      handle.event('Warning', 'Failed', message, container);
      handle.event('Warning', 'Failed', `Error: ${reason}`, container);
      setWaiting(reason, message);
      // Only the user can mend these; the kubelet looks again all the same.
      if (reason !== 'ErrImagePull') {
        await clock.sleep(timings.retryMs, signal);
        continue;
      }
      await clock.sleep(Math.min(ERROR_SHOWN_MS, pauseMs / 2), signal);
      const backOff = `Back-off pulling image "${reference}"`;
      handle.event('Normal', 'BackOff', backOff, container);
      handle.event('Warning', 'Failed', 'Error: ImagePullBackOff', container);
      setWaiting('ImagePullBackOff', `${backOff}: ErrImagePull: ${messageOf(error)}`);
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, timings.pullBackoffMaxMs);
    }
  }
}

function waitingReason(error: unknown): string {
  if (hasCode(error, 'REFERENCE_INVALID')) return 'InvalidImageName';
  if (hasCode(error, 'IMAGE_NEVER_PULLED')) return 'ErrImageNeverPull';
  return isEpinioError(error) && error.code === 'PULL_SECRET_INVALID'
    ? 'CreateContainerConfigError'
    : 'ErrImagePull';
}
