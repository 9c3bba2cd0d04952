import type { Clock, Container, ContainerProbe } from '@epinio/core';
import { quantityBytes } from '../spec/pod-fields.ts';
import type { PodHandle } from '../pod/pod-handle.ts';
import { runProber } from '../probes/prober.ts';
import type { ProbeContext } from '../probes/check.ts';
import { execLaunch } from '../sandbox/exec-launch.ts';
import { watchPort } from './port-check.ts';
import type { StartedContainer } from './start-container.ts';

const SANDBOX_MS = 2000;
const SANDBOX_POLL_MS = 20;

/** What is told of a container while it runs. */
export interface Attention {
  readonly onStarted: () => void;
  readonly onReady: (isReady: boolean) => void;
  /** Undefined: nothing is wrong with its PORT (any more). */
  readonly onPortProblem: (problem: string | undefined) => void;
  /** It is to be ended, and this is why. */
  readonly onFatal: (reason: string, message: string, how: 'gracefully' | 'now') => void;
}

/** Runs a command in a container that runs. */
export function execIn(handle: PodHandle, { run, spec }: StartedContainer): ProbeContext['exec'] {
  const { isolation, clock } = handle.node;
  return async (argv, timeoutMs, signal) => {
    for (let waitedMs = 0; ; waitedMs += SANDBOX_POLL_MS) {
      // A container that has just been started may not have its sandbox yet, or not the whole of it.
      const isEarly = isolation.kind === 'bubblewrap' && waitedMs < SANDBOX_MS && run.exit === undefined;
      if (!isEarly || run.sandboxInit() !== undefined) {
        const result = await execLaunch(isolation.exec(run, spec, argv), timeoutMs, signal);
        if (!isEarly || signal.aborted || !result.output.startsWith('nsenter: ')) return result;
      }
      await pauseUnlessAborted(clock, SANDBOX_POLL_MS, signal);
    }
  };
}

/**
 * Asks the container's probes, watches its memory and its PORT, until the signal is aborted.
 * @param isStarted true for a container that has passed its startup probe in an earlier life of the platform
 */
export function attendContainer(
  handle: PodHandle,
  container: Container,
  started: StartedContainer,
  { port, isStarted }: { readonly port: number | undefined; readonly isStarted: boolean },
  attention: Attention,
  signal: AbortSignal,
): void {
  const { clock, timings, log } = handle.node;
  const context: ProbeContext = {
    port: (wanted) => handle.realPort(container, wanted),
    exec: execIn(handle, started),
  };
  const fail = (error: unknown): void => {
    if (!signal.aborted)
      log.error('A container is not attended any more', { container: container.name, error: String(error) });
  };

  const probe = (
    kind: 'startup' | 'readiness' | 'liveness',
    spec: ContainerProbe,
    onVerdict: (ok: boolean) => void,
  ) =>
    runProber({
      ...{ kind, probe: spec, context, clock, signal, onVerdict },
      onFailure: (reason) => {
        const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
        handle.event('Warning', 'Unhealthy', `${name} probe failed: ${reason}`, container);
      },
    }).catch(fail);
  const fatal = (kind: string): void => {
    const message = `Container ${container.name} failed ${kind} probe, will be restarted`;
    handle.event('Normal', 'Killing', message, container);
    attention.onFatal('Error', message, 'gracefully');
  };

  const afterStartup = (): void => {
    attention.onStarted();
    const { readinessProbe, livenessProbe } = container;
    if (readinessProbe === undefined) attention.onReady(true);
    else void probe('readiness', readinessProbe, attention.onReady);
    if (livenessProbe !== undefined) {
      void probe('liveness', livenessProbe, (ok) => {
        if (!ok) fatal('liveness');
      });
    }
  };
  if (container.startupProbe === undefined || isStarted) afterStartup();
  else void probe('startup', container.startupProbe, (ok) => (ok ? afterStartup() : fatal('startup')));

  watchMemory(handle, container, started, attention, signal);
  if (port !== undefined && expectsPort(container)) {
    void watchPort({
      ...{ run: started.run, port, checksMs: timings.portChecksMs },
      sleep: (ms) => clock.sleep(ms, signal),
      onFinding: ({ problem, isElsewhere }) => {
        if (isElsewhere)
          handle.event('Warning', 'PortIgnored', `Container ${container.name} ${problem ?? ''}`, container);
        attention.onPortProblem(problem);
      },
    }).catch(fail);
  }
}

/** Whether the container says that it listens: only then is silence a mistake. */
function expectsPort({ ports = [], readinessProbe, livenessProbe, startupProbe }: Container): boolean {
  const probes = [readinessProbe, livenessProbe, startupProbe];
  return (
    ports.length > 0 || probes.some((probe) => probe?.tcpSocket !== undefined || probe?.httpGet !== undefined)
  );
}

/** Where no control group keeps the limit, it is kept by looking. */
function watchMemory(
  handle: PodHandle,
  container: Container,
  { run, record }: StartedContainer,
  attention: Attention,
  signal: AbortSignal,
): void {
  const limit = quantityBytes(container.resources?.limits?.['memory']);
  if (limit === undefined || record.cgroups?.memory !== undefined) return;
  const stop = handle.node.limiter.watch(run, limit, () => {
    attention.onFatal('OOMKilled', `The container took more than its memory limit`, 'now');
  });
  signal.addEventListener('abort', stop, { once: true });
}

/** A pause that ends early, without an error, when the signal is aborted. */
export async function pauseUnlessAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
