import { objectAt, objectsAt, type JsonObject } from '../../json.ts';

const COUNTED = ['cpu', 'memory'];

/** Guaranteed when every container has limits equal to its requests, BestEffort when none has any. */
export function qosClass(spec: Readonly<JsonObject>): string {
  const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
  const resources = containers.map((container) => ({
    limits: objectAt(container, 'resources', 'limits'),
    requests: objectAt(container, 'resources', 'requests'),
  }));
  const none = resources.every(({ limits, requests }) =>
    COUNTED.every((name) => limits[name] === undefined && requests[name] === undefined),
  );
  if (none) return 'BestEffort';
  const equal = resources.every(({ limits, requests }) =>
    COUNTED.every((name) => limits[name] !== undefined && limits[name] === (requests[name] ?? limits[name])),
  );
  return equal ? 'Guaranteed' : 'Burstable';
}
