import { createHash } from 'node:crypto';
import type { KubeObject } from '../kernel/component.ts';
import type { EventObject } from './kinds.ts';

export interface EventFacts {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for programs: "RouteConflict". */
  readonly reason: string;
  /** One sentence, for people. */
  readonly message: string;
  /** Who says it: the plugin's id. */
  readonly component: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Pure: the Event that tells what happened to an object, as `kubectl describe` shows it. To be applied: the
 * name follows from the object and the facts, so that the same said twice is one Event with a newer time.
 */
export function eventFor(
  object: KubeObject,
  { type, reason, message, component, at }: EventFacts,
): EventObject {
  const { name, uid = '', namespace = 'default', resourceVersion } = object.metadata;
  const digest = createHash('sha256')
    .update(JSON.stringify([component, object.kind, uid, reason, message]))
    .digest('hex')
    .slice(0, 16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${name.slice(0, 200)}.${digest}`,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'epinio' },
    },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      uid,
      ...(object.metadata.namespace !== undefined && { namespace }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type,
    reason,
    message: message.slice(0, 1024),
    source: { component },
    reportingComponent: component,
    lastTimestamp: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}
