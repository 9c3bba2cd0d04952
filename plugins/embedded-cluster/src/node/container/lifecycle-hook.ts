import type { Container } from '@epinio/core';
import { checkProbe, type ProbeResult } from '../probes/check.ts';
import type { PodHandle } from '../pod/pod-handle.ts';
import { until } from '../until.ts';
import { execIn, pauseUnlessAborted } from './attend-container.ts';
import type { StartedContainer } from './start-container.ts';

/**
 * Runs a hook of the container to its end, for at most `timeoutMs`; without a hook at once. Never rejects: what
 * went wrong is in the result, and in an event.
 */
export async function runHook(
  handle: PodHandle,
  container: Container,
  started: StartedContainer,
  name: 'postStart' | 'preStop',
  timeoutMs: number,
  over: AbortSignal,
): Promise<ProbeResult> {
  const hook = container.lifecycle?.[name];
  if (hook === undefined) return { ok: true, reason: '' };
  if (hook.sleep !== undefined) {
    await pauseUnlessAborted(handle.node.clock, Math.min(hook.sleep.seconds * 1000, timeoutMs), over);
    return { ok: true, reason: '' };
  }
  const context = {
    port: (port: number | string) => handle.realPort(container, port),
    exec: execIn(handle, started),
  };
  const result = await until(checkProbe(hook, context, timeoutMs, over), over).catch((): ProbeResult => ({
    ok: true,
    reason: 'the container ended meanwhile',
  }));
  if (!result.ok) {
    const kind = name === 'preStop' ? 'PreStop' : 'PostStart';
    handle.event('Warning', `Failed${kind}Hook`, `${kind}Hook failed: ${result.reason}`, container);
  }
  return result;
}
