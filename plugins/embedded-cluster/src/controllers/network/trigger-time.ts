import type { Pod, Service } from '@epinio/core';
import { conditionOf } from '../machinery/conditions.ts';

/**
 * When what led to a change of Endpoints happened: the annotation that latencies are measured by. Remembers what it
 * was shown last, by Service; a Service that it has not seen changed when it was made.
 */
export class TriggerTimes {
  readonly #known = new Map<string, ReadonlyMap<string, string>>();

  /** @returns RFC 3339, or undefined when nothing that is known changed */
  next(key: string, service: Service, pods: readonly Pod[]): string | undefined {
    const before = this.#known.get(key);
    const now = new Map<string, string>();
    for (const pod of pods) {
      const since = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
      if (since !== undefined) now.set(pod.metadata.name, since);
    }
    this.#known.set(key, now);
    if (before === undefined) return service.metadata.creationTimestamp;
    const changed = [...now].filter(([name, since]) => since > (before.get(name) ?? ''));
    return changed.map(([, since]) => since).sort()[0];
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}
