import type { Detected, Finding } from '../kernel/component.ts';
import { sharedSignal, withDeadline } from '../kernel/deadline.ts';
import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';
import type { Platform, PlatformNode } from '../kernel/platform.ts';
import { problemsError } from '../kernel/problem.ts';
import type { Kube } from '../ports/kube.ts';
import type { PlatformSettings } from '../ports/settings.ts';

const TIMEOUT_MS = 30_000;

/** A finding and whose it is. */
export interface ComponentFinding extends Finding {
  /** Id of the component. */
  readonly component: string;
}

export interface CheckOptions {
  readonly settings: PlatformSettings;
  /** By component id, as `detectComponents` tells it. */
  readonly detected: ReadonlyMap<string, Detected>;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Asks every plugin that checks, side by side, whether its component can be installed and used. Nothing is written.
 * @returns all findings, errors first. Fails with `CHECK_FAILED` or `CHECK_TIMEOUT`, or the error of the Kubernetes
 * API, naming the plugin.
 */
export async function checkComponents(
  platform: Pick<Platform, 'nodes'>,
  kube: Kube,
  { settings, detected, timeoutMs = TIMEOUT_MS, ...options }: CheckOptions,
): Promise<readonly ComponentFinding[]> {
  const signal = sharedSignal(options.signal);
  const asked = platform.nodes.map(async (node): Promise<readonly ComponentFinding[]> => {
    const check = node.plugin?.check;
    if (check === undefined) return [];
    const error = (): EpinioError =>
      new EpinioError(
        'CHECK_TIMEOUT',
        `Plugin "${node.name}" did not check the cluster within ${timeoutMs / 1000} s`,
        { fault: 'system' },
      );
    const found = detected.get(node.name) ?? { owner: 'absent' as const };
    try {
      const findings = await withDeadline(
        (inner) => check(kube, node.config, { settings, detected: found, signal: inner }),
        { timeoutMs, signal, error },
      );
      return findings.map((finding) => ({ component: node.name, ...finding }));
    } catch (cause) {
      throw signal.aborted ? cause : failure(node, cause);
    }
  });
  const all = (await Promise.all(asked)).flat();
  return [...all.filter(isError), ...all.filter((finding) => !isError(finding))];
}

/** Fails with what the findings refuse, all of it in one error; warnings pass. */
export function assertInstallable(findings: readonly ComponentFinding[]): void {
  const errors = findings.filter(isError);
  if (errors.length > 0) throw problemsError('CHECK_REFUSED', 'The cluster', errors);
}

function isError({ severity }: Finding): boolean {
  return severity === 'error';
}

function failure(node: PlatformNode, cause: unknown): EpinioError {
  if (isEpinioError(cause) && cause.code === 'CHECK_TIMEOUT') return cause;
  const code = isEpinioError(cause) ? cause.code : 'CHECK_FAILED';
  const fix = isEpinioError(cause) && cause.fix !== undefined ? { fix: cause.fix } : {};
  const message = `Plugin "${node.name}" could not check the cluster: ${messageOf(cause)}`;
  return new EpinioError(code, message, { ...fix, fault: 'system', cause });
}
