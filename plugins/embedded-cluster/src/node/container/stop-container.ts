import type { Container } from '@epinio/core';
import type { PodHandle } from '../pod/pod-handle.ts';
import { pauseUnlessAborted } from './attend-container.ts';
import { runHook } from './lifecycle-hook.ts';
import type { StartedContainer } from './start-container.ts';

const DEFAULT_SIGNAL = 'SIGTERM';
const SIGNAL = /^SIG(TERM|INT|QUIT|HUP|USR1|USR2|KILL|WINCH)$/;

/**
 * Ends a container within `graceMs`: its preStop hook, then the image's stop signal, then SIGKILL. Resolves when
 * it has ended. Aborting `hurry` ends the grace.
 */
export async function stopContainer(
  handle: PodHandle,
  container: Container,
  started: StartedContainer,
  graceMs: number,
  hurry: AbortSignal,
): Promise<void> {
  const { clock, images } = handle.node;
  const { run } = started;
  const over = AbortSignal.any([hurry, endOf(run.exited)]);
  const startedAt = clock.elapsed();
  handle.event('Normal', 'Killing', `Stopping container ${container.name}`, container);
  if (graceMs > 0) await runHook(handle, container, started, 'preStop', graceMs, over);
  const wanted = images.find(started.record.digest)?.config.StopSignal ?? DEFAULT_SIGNAL;
  if (graceMs > 0) run.terminate(SIGNAL.test(wanted) ? (wanted as NodeJS.Signals) : DEFAULT_SIGNAL);
  const left = graceMs - (clock.elapsed() - startedAt);
  if (left > 0) await pauseUnlessAborted(clock, left, over);
  await run.kill();
}

/** A signal that is aborted when the promise resolves. */
function endOf(promise: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  void promise.then(() => controller.abort(new Error('it has ended')));
  return controller.signal;
}
