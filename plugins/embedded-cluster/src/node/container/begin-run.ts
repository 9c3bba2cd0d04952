import { hasCode, messageOf, type Container } from '@epinio/core';
import type { UnpackedImage } from '../image/image-folder.ts';
import type { AttemptFolder } from '../layout.ts';
import type { PodHandle } from '../pod/pod-handle.ts';
import type { ContainerSpec } from '../sandbox/isolation.ts';
import { pullContainerImage, type SetWaiting } from './pull-container-image.ts';
import { resolveContainer, startContainer, type StartedContainer } from './start-container.ts';

export interface BeginRun {
  readonly container: Container;
  readonly folder: AttemptFolder;
  /** It is one that listens: init containers are not. */
  readonly mayListen: boolean;
  readonly setWaiting: SetWaiting;
  readonly onImage: (image: UnpackedImage) => void;
  /** Called right before anything of the run is made. */
  readonly onBegin: () => void;
}

/**
 * Starts a container as soon as its image and everything that it refers to is there, and says what it waits for
 * until then. Fails with `RUN_START_FAILED` and what the disk has to say, or with the signal's reason.
 */
export async function beginRun(
  handle: PodHandle,
  options: BeginRun,
  signal: AbortSignal,
): Promise<StartedContainer> {
  const { container, folder, mayListen, setWaiting } = options;
  const image = await pullContainerImage(handle, container, setWaiting, signal);
  options.onImage(image);
  const port = mayListen ? await handle.assignPort(container) : undefined;
  const published = handle.publishPorts(signal);
  published.catch(() => undefined); // it is awaited below, unless something else goes wrong before
  const resolved = await resolve(handle, options, image, port, signal);
  await published;
  signal.throwIfAborted();
  options.onBegin();
  const started = await startContainer(handle, container, image, folder, resolved);
  handle.event('Normal', 'Created', `Container created`, container);
  handle.event('Normal', 'Started', `Container started`, container);
  return started;
}

/** Tries until everything that the specification refers to is there. */
async function resolve(
  handle: PodHandle,
  { container, folder, setWaiting }: BeginRun,
  image: UnpackedImage,
  port: number | undefined,
  signal: AbortSignal,
): Promise<ContainerSpec> {
  for (;;) {
    try {
      return await resolveContainer(handle, container, image, folder, port);
    } catch (error) {
      signal.throwIfAborted();
      if (!hasCode(error, 'CONFIG_ERROR')) throw error;
      handle.event('Warning', 'Failed', `Error: ${messageOf(error)}`, container);
      setWaiting('CreateContainerConfigError', messageOf(error));
      await handle.waitForChange(handle.node.timings.retryMs, signal);
    }
  }
}
