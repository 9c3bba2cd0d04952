import { randomBytes } from 'node:crypto';
import type { EventObject } from '../kube/kinds.ts';
import { APP_API_VERSION, type AppObject } from './app-object.ts';

/** The published Event that says who changed the number of instances. `time` is RFC 3339 in UTC with seconds. */
export function scalingEvent(
  { metadata }: AppObject,
  change: { readonly from: number; readonly to: number; readonly user: string; readonly time: string },
): EventObject {
  const { from, to, user, time } = change;
  const { name, namespace = '', uid } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}-scaling-${randomBytes(4).toString('hex')}`, namespace },
    involvedObject: {
      apiVersion: APP_API_VERSION,
      kind: 'App',
      name,
      namespace,
      ...(uid === undefined ? {} : { uid }),
    },
    reason: to > from ? 'ScaleUp' : to < from ? 'ScaleDown' : 'ScaleUnchanged',
    message: `scaled from ${from} to ${to} by ${user}`,
    type: 'Normal',
    source: { component: 'epinio-api' },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}
