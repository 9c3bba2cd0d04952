import type { KubeObject, Probe } from '../kernel/component.ts';
import { isEpinioError, messageOf } from '../kernel/errors.ts';
import type { Service } from '../kube/kinds.ts';
import type { Kube } from '../ports/kube.ts';
import { poll } from './poll.ts';

type Loose = Readonly<Record<string, unknown>>;

/** Waits until a probe passes. Fails with `INSTALL_NOT_READY`, naming what was waited for and its last state. */
export async function waitForProbe(
  kube: Kube,
  probe: Probe,
  component: string,
  signal: AbortSignal,
): Promise<void> {
  await poll((inner) => missing(kube, probe, inner), {
    timeoutMs: probe.timeoutSeconds * 1000,
    signal,
    code: 'INSTALL_NOT_READY',
    message: `Component "${component}" waited for ${probe.what}, which was not ready`,
    ...(probe.kind === 'dry-run' || probe.fix === undefined ? {} : { fix: probe.fix }),
  });
}

/** What the probe still lacks; undefined when it passes. */
export async function missing(kube: Kube, probe: Probe, signal: AbortSignal): Promise<string | undefined> {
  try {
    if (probe.kind === 'dry-run') {
      await kube.apply(probe.object, { fieldManager: 'epinio/installer', dryRun: true, signal });
      return undefined;
    }
    const { apiVersion, resourceKind, namespace, name } = probe;
    const ref = { apiVersion, kind: resourceKind, ...(namespace === undefined ? {} : { namespace }), name };
    const object = await kube.get(ref, signal);
    if (object === undefined) return `${resourceKind} "${name}" does not exist`;
    if (probe.kind === 'condition') return lacksCondition(object, probe.type);
    if (probe.kind === 'address') return lacksAddress(object);
    return probe.kind === 'rollout' ? lacksReplicas(object) : undefined;
  } catch (error) {
    if (signal.aborted || !isEpinioError(error)) throw error;
    return messageOf(error); // an API server or a webhook that does not answer yet is what a probe waits for
  }
}

function lacksCondition(object: KubeObject, type: string): string | undefined {
  const conditions = (object['status'] as Loose | undefined)?.['conditions'] as readonly Loose[] | undefined;
  const condition = conditions?.find((candidate) => candidate['type'] === type);
  if (condition === undefined) return `it has no condition ${type} yet`;
  if (condition['status'] === 'True') return undefined;
  const why = (condition['message'] ?? condition['reason']) as string | undefined;
  return `its condition ${type} is ${String(condition['status'])}${why === undefined ? '' : ` (${why})`}`;
}

function lacksAddress(object: KubeObject): string | undefined {
  const { loadBalancer } = (object['status'] ?? {}) as Partial<Service['status']> & object;
  const given = loadBalancer?.ingress?.some(({ ip, hostname }) => (ip ?? hostname) !== undefined) === true;
  return given ? undefined : 'no load balancer has given it an address';
}

/** As `kubectl rollout status` judges; a DaemonSet counts its pods under other names. */
function lacksReplicas(object: KubeObject): string | undefined {
  const spec = (object['spec'] ?? {}) as Loose;
  const status = (object['status'] ?? {}) as Loose;
  const count = (field: string): number => Number(status[field] ?? 0);
  if (count('observedGeneration') < (object.metadata.generation ?? 0))
    return 'its newest version is not observed yet';
  const isDaemonSet = object.kind === 'DaemonSet';
  const wanted = isDaemonSet ? count('desiredNumberScheduled') : Number(spec['replicas'] ?? 1);
  const updated = count(isDaemonSet ? 'updatedNumberScheduled' : 'updatedReplicas');
  const ready = count(isDaemonSet ? 'numberReady' : 'readyReplicas');
  if (updated < wanted) return `${updated} of ${wanted} replicas are of the newest version`;
  if (!isDaemonSet && count('replicas') > updated) return 'old replicas are still there';
  return ready < wanted ? `${ready} of ${wanted} replicas are ready` : undefined;
}
