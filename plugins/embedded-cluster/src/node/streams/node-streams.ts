import { EpinioError } from '@epinio/core';
import type { PodRef, PodStreams, RemoteProcess, StreamSelection } from '../../api/node-access.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import { execInContainer } from './exec-in-container.ts';

/** Streams into this node's pods. */
export class NodeStreams implements PodStreams {
  readonly #find: (pod: PodRef) => PodWorker | undefined;

  constructor(find: (pod: PodRef) => PodWorker | undefined) {
    this.#find = find;
  }

  async exec(
    pod: PodRef,
    container: string,
    command: readonly string[],
    streams: StreamSelection,
  ): Promise<RemoteProcess> {
    const worker = this.#find(pod)?.container(container);
    const { running } = worker ?? {};
    if (worker === undefined || running === undefined) throw notFound(container);
    return execInContainer(worker.handle, running, command, streams);
  }
}

function notFound(container: string): EpinioError {
  return new EpinioError('CONTAINER_NOT_FOUND', `container not found ("${container}")`, { status: 500 });
}
