import type { Readable } from 'node:stream';
import { EpinioError, type Clock, type PodLogOptions } from '@epinio/core';
import type { PodLogs, PodRef } from '../api/node-access.ts';
import type { ContainerWorker } from './container/container-worker.ts';
import { readLog } from './logs/read-log.ts';

/** Reasons that a kubelet spells out. */
const IN_WORDS: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

/** The logs of this node's containers. */
export class NodeLogs implements PodLogs {
  readonly #find: (pod: PodRef, container: string) => ContainerWorker | undefined;
  readonly #clock: Clock;

  constructor(find: (pod: PodRef, container: string) => ContainerWorker | undefined, clock: Clock) {
    this.#find = find;
    this.#clock = clock;
  }

  async read(pod: PodRef, options: PodLogOptions): Promise<Readable> {
    const name = options.container ?? '';
    const worker = this.#find(pod, name);
    const log = worker?.log(options.previous === true ? 'previous' : 'newest');
    if (log !== undefined) return readLog(log, options, this.#clock.now());
    if (options.previous === true) {
      throw new EpinioError(
        'LOG_NOT_FOUND',
        `previous terminated container "${name}" in pod "${pod.name}" not found`,
        { status: 400 },
      );
    }
    const reason = worker?.status().state?.waiting?.reason ?? 'ContainerCreating';
    throw new EpinioError(
      'CONTAINER_WAITING',
      `container "${name}" in pod "${pod.name}" is waiting to start: ${IN_WORDS[reason] ?? reason}`,
      { status: 400 },
    );
  }
}
