import type { Duplex } from 'node:stream';
import { EpinioError } from '@epinio/core';
import type { PodRef, PodStreams, RemoteProcess, StreamSelection } from '../../api/node-access.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import { attachToContainer } from './attach-to-container.ts';
import { execInContainer } from './exec-in-container.ts';
import { connectToPod } from './port-connection.ts';

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

  async attach(pod: PodRef, container: string, streams: StreamSelection): Promise<RemoteProcess> {
    const worker = this.#find(pod)?.container(container);
    const { running } = worker ?? {};
    const log = worker?.log('newest');
    if (worker === undefined || running === undefined || log === undefined) {
      const message = `container ${container} not found in pod ${pod.name}_${pod.namespace}`;
      throw new EpinioError('CONTAINER_NOT_FOUND', message, { status: 500 });
    }
    return attachToContainer(worker.container, running, log, streams);
  }

  async connect(pod: PodRef, port: number): Promise<Duplex> {
    const worker = this.#find(pod);
    if (worker === undefined) {
      const message = `pod not found ("${pod.name}_${pod.namespace}")`;
      throw new EpinioError('CONTAINER_NOT_FOUND', message, { status: 500 });
    }
    return connectToPod(worker, port);
  }
}

function notFound(container: string): EpinioError {
  return new EpinioError('CONTAINER_NOT_FOUND', `container not found ("${container}")`, { status: 500 });
}
