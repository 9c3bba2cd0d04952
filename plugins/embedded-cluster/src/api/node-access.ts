import type { Readable } from 'node:stream';
import type { PodLogOptions } from '@epinio/core';

/** A pod as subresources name it. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
}

/**
 * What the API asks of the node agent for `pods/log`. The API has checked that the pod and the container
 * exist; `options.container` is always set.
 */
export interface PodLogs {
  /**
   * Log bytes of one container, oldest first. With `follow` the stream ends when the container does, or when
   * the reader destroys it. Fails with an EpinioError of status 400 when the container has not started yet
   * (the API passes the message on), 404 when `previous` is asked and there was no previous instance.
   */
  read(pod: PodRef, options: PodLogOptions): Promise<Readable>;
}

/** What the API server reaches a node for. `exec`, `attach` and `portForward` join it with their subresources. */
export interface NodeAccess {
  readonly logs: PodLogs;
}
