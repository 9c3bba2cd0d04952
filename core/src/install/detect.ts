import type { Detected } from '../kernel/component.ts';
import { sharedSignal, withDeadline } from '../kernel/deadline.ts';
import { EpinioError, isEpinioError, messageOf } from '../kernel/errors.ts';
import type { Platform, PlatformNode } from '../kernel/platform.ts';
import type { Kube } from '../ports/kube.ts';

const TIMEOUT_MS = 30_000;

/**
 * Asks every plugin that can tell what the cluster has of its component already, side by side. @returns by
 * component id; plugins without `detect` have no entry. Fails with `DETECT_FAILED` or `DETECT_TIMEOUT`, or
 * the error of the Kubernetes API, naming the plugin.
 */
export async function detectComponents(
  platform: Pick<Platform, 'nodes'>,
  kube: Kube,
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<ReadonlyMap<string, Detected>> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const signal = sharedSignal(options.signal);
  const asked = platform.nodes.map(async (node): Promise<[string, Detected][]> => {
    const detect = node.plugin?.detect;
    if (detect === undefined) return [];
    const error = (): EpinioError =>
      new EpinioError(
        'DETECT_TIMEOUT',
        `Plugin "${node.name}" did not find out within ${timeoutMs / 1000} s whether its component is there`,
        { fault: 'system' },
      );
    try {
      return [[node.name, await withDeadline(() => detect(kube, node.config), { timeoutMs, signal, error })]];
    } catch (cause) {
      throw signal.aborted ? cause : failure(node, cause);
    }
  });
  return new Map((await Promise.all(asked)).flat());
}

function failure(node: PlatformNode, cause: unknown): EpinioError {
  if (isEpinioError(cause) && cause.code === 'DETECT_TIMEOUT') return cause;
  const code = isEpinioError(cause) ? cause.code : 'DETECT_FAILED';
  const fix = isEpinioError(cause) && cause.fix !== undefined ? { fix: cause.fix } : {};
  const message = `Plugin "${node.name}" could not find out whether its component is there: ${messageOf(cause)}`;
  return new EpinioError(code, message, { ...fix, fault: 'system', cause });
}
