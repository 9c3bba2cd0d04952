import type { Log } from '../ports/log.ts';
import { withDeadline } from './deadline.ts';
import { EpinioError, isEpinioError, messageOf } from './errors.ts';
import type { AnyPlugin } from './plugin.ts';

/** How a plugin's loop is hosted. */
export interface RunOptions {
  /** Names the plugin in errors; its id when absent. */
  readonly name?: string;
  /** Stops the loop when aborted. */
  readonly signal: AbortSignal;
  /** Ends the wait for `ready` when aborted; a loop that is ready is left alone. */
  readonly startSignal?: AbortSignal;
  readonly log: Log;
  /** From the start until it calls `ready`; default 30 seconds. */
  readonly readyTimeoutMs?: number;
  /** From the request to stop until it has returned; default 10 seconds. */
  readonly stopTimeoutMs?: number;
}

/** A plugin whose loop serves. */
export interface RunningPlugin {
  readonly name: string;
  /** Resolves after a stop that was asked for; rejects when the loop ended otherwise. Safe to leave unwatched. */
  readonly done: Promise<void>;
  /** Asks the loop to end and waits for it; again is the same wait. Fails with `PLUGIN_STOP_TIMEOUT` or the loop's error. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts a plugin's `run` and resolves once it is ready; a plugin without `run` is ready at once. Fails
 * with `PLUGIN_RUN_FAILED`, `PLUGIN_READY_TIMEOUT`, or the plugin's own error; the loop has then been
 * told to stop.
 */
export async function runPlugin(
  plugin: AnyPlugin,
  service: unknown,
  options: RunOptions,
): Promise<RunningPlugin> {
  const name = options.name ?? plugin.id;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  options.signal.throwIfAborted();
  const { ready, loop } = startLoop(plugin, service, signal, name);
  loop.catch((error: unknown) =>
    options.log.error(`Plugin "${name}" failed`, { plugin: name, error: messageOf(error) }),
  );
  const stopTimeoutMs = options.stopTimeoutMs ?? STOP_TIMEOUT_MS;
  const stop = (): Promise<void> => {
    stopping.abort(new EpinioError('STOPPED', `Plugin "${name}" was asked to stop`));
    return withDeadline(() => loop, {
      timeoutMs: stopTimeoutMs,
      error: () => stopTimeout(name, stopTimeoutMs),
    });
  };
  const timeoutMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  try {
    await withDeadline(() => Promise.race([ready, loop]), {
      timeoutMs,
      signal:
        options.startSignal === undefined
          ? options.signal
          : AbortSignal.any([options.signal, options.startSignal]),
      error: () =>
        new EpinioError('PLUGIN_READY_TIMEOUT', `Plugin "${name}" was not ready within ${timeoutMs} ms`, {
          fault: 'system',
        }),
    });
  } catch (error) {
    // The reason why it did not start is the one to tell; that it did not stop either is in the log.
    await stop().catch((failure: unknown) => options.log.warn(messageOf(failure), { plugin: name }));
    throw error;
  }
  return { name, done: loop, stop };
}

function startLoop(
  plugin: AnyPlugin,
  service: unknown,
  signal: AbortSignal,
  name: string,
): { readonly ready: Promise<void>; readonly loop: Promise<void> } {
  let ready: () => void = () => undefined;
  const state = { ready: false };
  const readiness = new Promise<void>((resolve) => {
    ready = () => {
      state.ready = true;
      resolve();
    };
  });
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  const loop = (async (): Promise<void> => {
    if (plugin.run === undefined) {
      ready();
      await stopped;
      return;
    }
    try {
      await (plugin.run as (service: unknown, host: object) => Promise<void>)(service, { signal, ready });
    } catch (error) {
      // Many a loop ends by throwing the signal's reason; that is a clean end.
      if (signal.aborted && (error === signal.reason || isAbort(error))) return;
      throw runFailure(name, error);
    }
    if (!signal.aborted) {
      throw new EpinioError(
        'PLUGIN_RUN_FAILED',
        `Plugin "${name}" ended ${state.ready ? 'by itself' : 'before it was ready'}`,
        { fault: 'system' },
      );
    }
  })();
  return { ready: readiness, loop };
}

function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

function runFailure(name: string, error: unknown): EpinioError {
  const message = `Plugin "${name}" failed: ${messageOf(error)}`;
  if (!isEpinioError(error))
    return new EpinioError('PLUGIN_RUN_FAILED', message, { fault: 'system', cause: error });
  const { code, fix, details, fault, status } = error;
  return new EpinioError(code, message, {
    ...(fix === undefined ? {} : { fix }),
    details,
    fault,
    status,
    cause: error,
  });
}

function stopTimeout(name: string, timeoutMs: number): EpinioError {
  return new EpinioError('PLUGIN_STOP_TIMEOUT', `Plugin "${name}" did not stop within ${timeoutMs} ms`, {
    fault: 'system',
  });
}
