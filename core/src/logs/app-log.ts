import type { AppName } from '../apps/app-object.ts';
import type { AppQueries } from '../apps/app-queries.ts';
import type { Caches } from '../apps/caches.ts';
import type { LogLine } from '../contracts/builder.ts';
import { hasCode, messageOf } from '../kernel/errors.ts';
import type { Pod } from '../kube/pod-kinds.ts';
import type { Kube, PodLogOptions } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import { type ContainerRef, containerLog } from './container-log.ts';
import type { LogParameters } from './log-parameters.ts';
import { merged } from './merged.ts';
import { LineQueue } from './line-queue.ts';

export interface AppLogDeps {
  readonly kube: Pick<Kube, 'logs'>;
  readonly caches: Pick<Caches, 'pods'>;
  readonly queries: Pick<AppQueries, 'pods'>;
  readonly log: Log;
}

/**
 * The log of an application's instances: what there is, in the order of time; with `follow`, as it comes, from instances
 * that come later too, until the signal is aborted.
 */
export function appLog(
  deps: AppLogDeps,
  app: AppName,
  parameters: LogParameters,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  if (parameters.follow) return following(deps, app, parameters, signal);
  const containers = deps.queries.pods(app).flatMap((pod) => containersOf(pod, parameters));
  return merged(containers.map((container) => present(deps, container, parameters, signal)));
}

function containersOf({ metadata, spec }: Pod, { wants }: LogParameters): ContainerRef[] {
  const { namespace = '', name: pod } = metadata;
  return [...(spec.initContainers ?? []), ...spec.containers]
    .filter(({ name }) => wants(name))
    .map(({ name: container }) => ({ namespace, pod, container }));
}

function options({ tailLines, sinceSeconds, sinceTime }: LogParameters, signal: AbortSignal): PodLogOptions {
  return {
    tailLines,
    ...(sinceTime === undefined ? {} : { sinceTime }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    signal,
  };
}

/** A container that has not started, or is gone, has no log: that is no reason to show nothing of the others. */
async function* present(
  { kube, log }: AppLogDeps,
  container: ContainerRef,
  parameters: LogParameters,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  try {
    yield* containerLog(kube, container, options(parameters, signal));
  } catch (error) {
    if (signal.aborted || hasCode(error, 'KUBE_UNREACHABLE')) throw error;
    log.debug('No log of a container', { ...container, error: messageOf(error) });
  }
}

async function* following(
  deps: AppLogDeps,
  app: AppName,
  parameters: LogParameters,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const queue = new LineQueue<LogLine>();
  const readers = new Set<string>();
  const look = (): void => {
    for (const pod of deps.queries.pods(app)) {
      for (const container of containersOf(pod, parameters)) {
        const key = instanceKey(pod, container.container);
        if (key === undefined || readers.has(key)) continue;
        readers.add(key);
        void read(container);
      }
    }
  };
  const read = async (container: ContainerRef): Promise<void> => {
    try {
      const all = { ...options(parameters, both), follow: true };
      for await (const line of containerLog(deps.kube, container, all)) await queue.push(line);
    } catch (error) {
      if (!both.aborted) deps.log.debug('A log ended', { ...container, error: messageOf(error) });
    }
  };
  const unsubscribe = deps.caches.pods.subscribe(look);
  const stop = (): void => queue.end();
  both.addEventListener('abort', stop, { once: true });
  try {
    look();
    if (signal.aborted) return;
    yield* queue;
  } finally {
    unsubscribe();
    ended.abort();
    queue.end();
  }
}

/** A container that runs or ran, and which time: its log is read once. Undefined while it has not started. */
function instanceKey({ metadata, status }: Pod, container: string): string | undefined {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const found = statuses.find(({ name }) => name === container);
  const isStarted = found?.state?.running !== undefined || found?.state?.terminated !== undefined;
  if (!isStarted) return undefined;
  return `${metadata.uid ?? metadata.name}/${container}/${found.restartCount}`;
}
