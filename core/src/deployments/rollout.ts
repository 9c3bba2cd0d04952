import type { AppName } from '../apps/app-object.ts';
import { labels } from '../apps/labels.ts';
import type { Caches } from '../apps/caches.ts';
import { EpinioError } from '../kernel/errors.ts';
import { until } from '../kube/until.ts';
import type { Deployment } from '../kube/kinds.ts';
import type { Clock } from '../ports/clock.ts';
import { type Diagnosis, diagnose, newestPods, portNotes } from './diagnosis.ts';

export interface RolloutDeps {
  readonly caches: Pick<Caches, 'deployments' | 'replicaSets' | 'pods' | 'portEvents'>;
  readonly clock: Clock;
}

/**
 * Waits until the whole of the new version serves and nothing of the old one is left. Ends as soon as it is clear
 * that this will not happen. @returns what is wrong, or undefined after success.
 */
export async function rolledOut(
  { caches, clock }: RolloutDeps,
  app: AppName,
  applied: Deployment,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Diagnosis | undefined> {
  const { name, generation = 0 } = applied.metadata;
  const look = (): 'done' | Diagnosis | undefined => {
    const live = caches.deployments.get(app.namespace, name);
    if (live === undefined || (live.metadata.generation ?? 0) < generation) return undefined;
    if ((live.status?.observedGeneration ?? 0) < generation) return undefined;
    if (isComplete(live)) return 'done';
    return diagnoseNow(caches, app, live);
  };
  const outcome = await watched(caches, app, look, { clock, signal, timeoutMs });
  if (outcome !== 'done') return outcome;
  return undefined;
}

/** All instances are of the new version and serve. */
export function isComplete({ spec, status = {} }: Deployment): boolean {
  const desired = spec.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  return updatedReplicas >= desired && replicas <= updatedReplicas && availableReplicas >= desired;
}

function diagnoseNow(caches: RolloutDeps['caches'], app: AppName, live: Deployment): Diagnosis | undefined {
  const sets = caches.replicaSets.list(app.namespace);
  const pods = caches.pods
    .list(app.namespace)
    .filter(({ metadata }) => metadata.labels?.[labels.name] === app.name);
  return diagnose(live, newestPods(live, sets, pods), portNotes(caches.portEvents.list(app.namespace)));
}

async function watched(
  caches: RolloutDeps['caches'],
  app: AppName,
  look: () => 'done' | Diagnosis | undefined,
  { clock, signal, timeoutMs }: { clock: Clock; signal: AbortSignal; timeoutMs: number },
): Promise<'done' | Diagnosis> {
  signal.throwIfAborted();
  let last: Diagnosis | undefined;
  const over = new AbortController();
  const subscriptions: (() => void)[] = [];
  const settled = new Promise<'done' | Diagnosis>((resolve) => {
    const check = (): void => {
      const seen = look();
      if (seen === 'done' || seen?.isFinal === true) resolve(seen);
      else last = seen ?? last;
    };
    for (const informer of [caches.deployments, caches.replicaSets, caches.pods, caches.portEvents]) {
      subscriptions.push(
        informer.subscribe(({ object }) => {
          if (object.metadata.namespace === app.namespace) check();
        }),
      );
    }
    check();
  });
  const late = clock.sleep(timeoutMs, over.signal).then((): Diagnosis => {
    const reason = last?.reason ?? 'nothing is known of it';
    return { ...last, reason: `not up after ${timeoutMs / 1000} s: ${reason}`, isFinal: true };
  });
  late.catch(() => undefined); // aborted below, when the rollout has ended first
  try {
    return await until(Promise.race([settled, late]), signal);
  } finally {
    for (const unsubscribe of subscriptions) unsubscribe();
    over.abort();
  }
}

/** The failure as an error, with the last log lines as its details. */
export function rolloutFailed(
  app: AppName,
  { reason }: Diagnosis,
  lastLines: readonly string[],
): EpinioError {
  return new EpinioError('ROLLOUT_FAILED', `application '${app.name}' did not come up: ${reason}`, {
    status: 500,
    details: lastLines.length === 0 ? [] : ['last log lines:', ...lastLines.map((line) => `  ${line}`)],
  });
}
