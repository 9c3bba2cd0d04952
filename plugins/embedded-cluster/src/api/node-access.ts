import type { Duplex, Readable, Writable } from 'node:stream';
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
   * the reader destroys it. Fails with an EpinioError of status 400, whose message the API passes on, when the
   * container has not started yet, or `previous` is asked and there was no previous instance.
   */
  read(pod: PodRef, options: PodLogOptions): Promise<Readable>;
}

/** Characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Which streams of a process are wanted. With a terminal everything that it writes is `stdout`. */
export interface StreamSelection {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** A process in a container, with those of its streams that were asked for. Reading slowly makes it wait. */
export interface RemoteProcess {
  /** Its end is the end of the input. */
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  /** Tells its terminal the size; nothing without one. */
  resize(size: TerminalSize): void;
  /** The exit code, once it has ended; 128 + n after signal n. Never rejects. */
  readonly exited: Promise<number>;
  /** Nobody is interested any more: a command is killed with all that it has started, a container is left alone. */
  release(): void;
}

/**
 * What the API asks of the node agent for streams into pods. Fails with `CONTAINER_NOT_FOUND` when what it is for does
 * not run.
 */
export interface PodStreams {
  /** Runs a command in a container. */
  exec(
    pod: PodRef,
    container: string,
    command: readonly string[],
    streams: StreamSelection,
  ): Promise<RemoteProcess>;
  /** Joins a container that runs. */
  attach(pod: PodRef, container: string, streams: StreamSelection): Promise<RemoteProcess>;
  /** Connects to a port of the pod, as its containers declare it; what goes wrong is told in a real node's words. */
  connect(pod: PodRef, port: number): Promise<Duplex>;
}

/** What the API server reaches a node for. */
export interface NodeAccess {
  readonly logs: PodLogs;
  readonly streams: PodStreams;
}
