import {
  hasCode,
  messageOf,
  type Clock,
  type EventObject,
  type Kube,
  type KubeObject,
  type Log,
} from '@epinio/core';
import { rfc3339 } from './rfc3339.ts';

/** Tells people what happens to an object: `kubectl describe`, `kubectl events`. */
export interface EventRecorder {
  /**
   * Returns at once; the same event again raises the count of the first. What cannot be written is logged.
   * @param fieldPath the part of the object that it is about: `spec.containers{main}`
   */
  event(
    about: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
  ): void;
  /** Resolves when everything is written. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: Log;
  /** "kubelet", "deployment-controller". */
  readonly component: string;
  readonly host?: string;
}

/** How many events are remembered, to be counted rather than written anew. */
const REMEMBERED = 2048;
/** Kubernetes' limit of a message. */
const MAX_MESSAGE = 1024;

interface Remembered {
  readonly event: EventObject;
  count: number;
  lastTimestamp: string;
  /** Not yet written. */
  isDirty: boolean;
}

/** Makes a recorder; events of one recorder are written one after the other. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { kube, clock, log } = options;
  const remembered = new Map<string, Remembered>();
  let sequence = 0;
  let writing: Promise<void> = Promise.resolve();

  async function write(key: string): Promise<void> {
    const entry = remembered.get(key);
    if (entry === undefined || !entry.isDirty) return;
    const { event, count, lastTimestamp } = entry;
    entry.isDirty = false;
    try {
      if (count > 1 && (await patchCount(event, count, lastTimestamp))) return;
      await kube.create<EventObject>({ ...event, count, lastTimestamp });
    } catch (error) {
      // An event is never worth a failure of what it tells about; a namespace that ends takes no more of them.
      log.debug('Event could not be written', { reason: event.reason, error: messageOf(error) });
    }
  }

  /** @returns false when the event was removed meanwhile. */
  async function patchCount(event: EventObject, count: number, lastTimestamp: string): Promise<boolean> {
    const { name, namespace = 'default' } = event.metadata;
    try {
      await kube.patch(
        { apiVersion: 'v1', kind: 'Event', namespace, name },
        { type: 'merge', patch: { count, lastTimestamp } },
      );
      return true;
    } catch (error) {
      if (hasCode(error, 'KUBE_NOT_FOUND')) return false;
      throw error;
    }
  }

  return {
    event(about, type, reason, message, fieldPath) {
      const text = message.slice(0, MAX_MESSAGE);
      const key = [about.metadata.uid, type, reason, text, fieldPath].join('\0');
      const lastTimestamp = rfc3339(clock.now());
      let entry = remembered.get(key);
      if (entry === undefined) {
        const name = `${about.metadata.name}.${(BigInt(clock.now()) * 1_000_000n + BigInt(sequence++)).toString(16)}`;
        const event = newEvent(options, about, {
          name,
          type,
          reason,
          message: text,
          lastTimestamp,
          fieldPath,
        });
        entry = { event, count: 1, lastTimestamp, isDirty: true };
      } else {
        entry.count += 1;
        entry.lastTimestamp = lastTimestamp;
        entry.isDirty = true;
      }
      remembered.delete(key); // the newest are last
      remembered.set(key, entry);
      for (const oldest of remembered.keys()) {
        if (remembered.size <= REMEMBERED) break;
        remembered.delete(oldest);
      }
      writing = writing.then(() => write(key));
    },
    flush: () => writing,
  };
}

interface NewEvent {
  readonly name: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly lastTimestamp: string;
  readonly fieldPath: string | undefined;
}

function newEvent(
  { component, host }: EventRecorderOptions,
  about: KubeObject,
  { name, type, reason, message, lastTimestamp, fieldPath }: NewEvent,
): EventObject {
  const { metadata, apiVersion, kind } = about;
  const { namespace = 'default' } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: {
      ...{ apiVersion, kind, name: metadata.name },
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    ...{ type, reason, message, count: 1, firstTimestamp: lastTimestamp, lastTimestamp },
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
    reportingInstance: host ?? component,
  };
}
