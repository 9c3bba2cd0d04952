import { contract } from '../kernel/plugin.ts';

export interface StagingRequest {
  /** 16 lower-case hex digits; the same id again is the same run. */
  readonly id: string;
  readonly app: { readonly namespace: string; readonly name: string };
  /** Blob in the `storage` contract's store: an archive of the sources. */
  readonly blob: string;
  /** Where the image goes, with tag, as the builder pushes it. */
  readonly image: string;
  /** The application's last image, for layer reuse. */
  readonly previousImage?: string;
  /** Given to the build as its platform environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absent: the builder's own default. */
  readonly builderImage?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface StagingStatus {
  readonly id: string;
  readonly phase: 'running' | 'succeeded' | 'failed';
  /** When failed: why, in one sentence. */
  readonly message?: string;
  /** When failed: the last lines of its log. */
  readonly lastLines?: readonly string[];
}

/** One line of a pod's log, as the API's websocket protocol has it. */
export interface LogLine {
  readonly message: string;
  readonly container: string;
  readonly pod: string;
  readonly namespace: string;
  /** RFC 3339 with nanoseconds. */
  readonly timestamp: string;
}

export interface LogOptions {
  readonly follow?: boolean;
  /** Lines per container, from the end. */
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly signal?: AbortSignal;
}

/** Turns sources into an image. State is in the cluster: any process can follow, read and cancel any run. */
export interface Builder {
  /** The builder used when a request names none; part of `GET /info`. */
  readonly defaultImage: string;
  /** Returns when the run is recorded in the cluster. The same id again changes nothing. */
  start(request: StagingRequest, signal?: AbortSignal): Promise<void>;
  /** @returns undefined when there is no such run. */
  status(id: string, signal?: AbortSignal): Promise<StagingStatus | undefined>;
  /** Resolves when the run has ended; fails with `STAGING_NOT_FOUND` or when the signal is aborted. */
  wait(id: string, signal: AbortSignal): Promise<StagingStatus>;
  /** From the start of the run, every container in order; with `follow` until it has ended. */
  logs(id: string, options?: LogOptions): AsyncIterable<LogLine>;
  /** Ends a run that is under way; it then counts as failed. Succeeds when it has ended or never was. */
  cancel(id: string, signal?: AbortSignal): Promise<void>;
  /** Removes runs of the application other than `keep`, and with no `keep` its caches too. */
  prune(
    app: { readonly namespace: string; readonly name: string },
    keep?: string,
    signal?: AbortSignal,
  ): Promise<void>;
}

export const builder = contract<Builder>('builder');
