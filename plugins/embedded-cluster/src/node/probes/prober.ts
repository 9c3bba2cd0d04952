import type { Clock, ContainerProbe } from '@epinio/core';
import { checkProbe, type ProbeContext } from './check.ts';

/** Pauses while a container has never answered, so that one that starts fast serves fast. */
const FIRST_PAUSES_MS = [10, 20, 40, 80, 150, 250, 400, 600, 800];

export interface ProberOptions {
  readonly kind: 'startup' | 'readiness' | 'liveness';
  readonly probe: ContainerProbe;
  readonly context: ProbeContext;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with each change of the verdict, and for liveness and startup with the failure that ends the container. */
  readonly onVerdict: (ok: boolean) => void;
  /** Called with each failure that counts. */
  readonly onFailure: (reason: string) => void;
}

/**
 * Asks a container again and again, until the signal is aborted; resolves then, or when the verdict is final (a
 * startup probe that succeeded, any probe but readiness that failed).
 *
 * Until its first success a probe is asked more often than its period, so that the wait for an application is the
 * application's own; failures still count once per period only, so nothing is given up earlier than it says.
 */
export async function runProber(options: ProberOptions): Promise<void> {
  const { kind, probe, context, clock, signal, onVerdict, onFailure } = options;
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { successThreshold = 1, failureThreshold = 3, initialDelaySeconds = 0 } = probe;
  const isAborted = (): boolean => signal.aborted;
  let successes = 0;
  let failures = 0;
  let hasSucceeded = false;
  let verdict: boolean | undefined;

  const pause = async (ms: number): Promise<void> => {
    await clock.sleep(ms, signal).catch((error: unknown) => {
      if (!isAborted()) throw error;
    });
  };
  const conclude = (ok: boolean): void => {
    if (verdict === ok) return;
    verdict = ok;
    onVerdict(ok);
  };

  await pause(initialDelaySeconds * 1000);
  let countsFrom = clock.elapsed();
  for (let tries = 0; !isAborted(); tries++) {
    const { ok, reason } = await checkProbe(probe, context, timeoutMs, signal);
    if (isAborted()) return;
    const counts = clock.elapsed() >= countsFrom;
    if (counts) countsFrom += Math.max(periodMs, clock.elapsed() - countsFrom);
    if (ok) {
      hasSucceeded = true;
      failures = 0;
      successes += 1;
      if (successes >= successThreshold) {
        conclude(true);
        if (kind === 'startup') return;
      }
    } else if (counts) {
      successes = 0;
      failures += 1;
      onFailure(reason);
      if (failures >= failureThreshold) {
        conclude(false);
        if (kind !== 'readiness') return;
      }
    }
    const first = FIRST_PAUSES_MS[tries] ?? 1000;
    const isFirst = !hasSucceeded && kind !== 'liveness';
    await pause(isFirst && probe.exec === undefined ? Math.min(first, periodMs) : periodMs);
  }
}
