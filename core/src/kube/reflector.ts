import type { KubeObject } from '../kernel/component.ts';
import { hasCode, messageOf } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { CollectionRef, Kube, ListOptions, ListResult, WatchEvent } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import { createBackoff } from './backoff.ts';

/** How often a collection whose kind is not installed is asked for: soon after its CRD arrives we see it. */
const ABSENT_KIND_MS = 1_000;
/** A watch that ends sooner than this without an event is no watch; it is not opened again at once. */
const SHORT_WATCH_MS = 1_000;
/** Failures in a row after which they are worth a person's attention: a server that restarts is not. */
const FAILURES_TO_WARN = 4;

export type Selectors = Pick<ListOptions, 'labelSelector' | 'fieldSelector'>;

export interface ReflectorTarget<T> {
  /** The whole collection, as it is now. */
  replace(list: ListResult<T>): void;
  /** One change; never a bookmark. */
  apply(event: WatchEvent<T>): void;
  /** Why the copy is not being kept up to date; undefined when it is again. */
  failing(error: unknown): void;
}

/**
 * Keeps `target` equal to a collection until the signal is aborted: list, then watch from there, and again
 * from the last seen resource version when the watch ends. Lists anew when the server forgot that version
 * (`KUBE_GONE`) or failed in a way that leaves doubt. Never rejects.
 */
export async function reflect<T extends KubeObject>(
  { kube, log, clock, random }: { kube: Kube; log: Log; clock: Clock; random?: () => number },
  ref: CollectionRef,
  selectors: Selectors,
  target: ReflectorTarget<T>,
  signal: AbortSignal,
): Promise<void> {
  const backoff = createBackoff(random === undefined ? {} : { random });
  const name = `${ref.kind}.${ref.apiVersion}`;
  let position: string | undefined;
  let failures = 0;

  const healthy = (): void => {
    if (failures >= FAILURES_TO_WARN) log.info('Watch is up again', { collection: name });
    if (failures > 0) target.failing(undefined);
    failures = 0;
    backoff.reset();
  };

  // A function of its own: the frame of this loop would hold on to the list for as long as it watches.
  const listAnew = async (): Promise<string> => {
    const list = await kube.list<T>(ref, { ...selectors, signal });
    target.replace(list);
    return list.resourceVersion;
  };

  const ended = (): boolean => signal.aborted;
  while (!ended()) {
    let pauseMs = 0;
    try {
      position ??= await listAnew();
      const startedAt = clock.elapsed();
      let events = 0;
      const from = position === '' ? {} : { resourceVersion: position };
      for await (const event of kube.watch<T>(ref, { ...selectors, ...from, signal })) {
        if (ended()) return;
        if (events++ === 0) healthy();
        position = event.object.metadata.resourceVersion ?? position;
        if (event.type !== 'BOOKMARK') target.apply(event);
      }
      // A server that takes a watch and keeps it has answered, even if nothing happened.
      if (events > 0 || clock.elapsed() - startedAt >= SHORT_WATCH_MS) healthy();
      else pauseMs = backoff.next();
    } catch (error) {
      if (ended()) return;
      failures += 1;
      // Only an unreachable server is sure to have the same history when it is back.
      if (!hasCode(error, 'KUBE_UNREACHABLE')) position = undefined;
      const absent = hasCode(error, 'KUBE_NOT_FOUND');
      pauseMs = backoff.next(absent ? ABSENT_KIND_MS : undefined);
      if (!absent && !(failures === 1 && hasCode(error, 'KUBE_GONE'))) target.failing(error);
      const report = failures === FAILURES_TO_WARN && !absent ? 'warn' : 'debug';
      log[report]('Watch was interrupted', { collection: name, reason: messageOf(error), failures, pauseMs });
    }
    if (pauseMs > 0) await clock.sleep(pauseMs, signal).catch(ignoreAbort(signal));
  }
}

/** Lets a sleep that the signal ended pass; any other failure of the clock stays one. */
function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
