import { isObject, numberAt, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { qosClass } from '../pod/qos.ts';
import type { Measure } from './measure.ts';
import { podAmounts, type Amounts } from './pod-amounts.ts';
import { satisfies, type ScopeRequirement } from './scopes.ts';

const COUNT = 'count/pods';
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const LIMITED = new Set([
  COUNT,
  'pods',
  ...COMPUTE.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
/** What each container has to say when it is limited. */
const REQUIRED = new Set([
  ...['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);

/** A pod takes what it asks for until it has ended; it is counted for as long as it is there. */
export const podMeasure: Measure = {
  limits: (name) =>
    LIMITED.has(name) || /^(requests\.)?hugepages-/.test(name) || /^requests\.[^/]+\//.test(name),

  usage(pod, now) {
    if (!takesResources(pod, now)) return { [COUNT]: '1' };
    const spec = objectAt(pod, 'spec');
    return { [COUNT]: '1', ...charged(wholePod(spec, 'requests'), wholePod(spec, 'limits')) };
  },

  isIn: (scope, pod) => isInScope(scope, objectAt(pod, 'spec')),

  lacks(names, pod) {
    const spec = objectAt(pod, 'spec');
    if (Object.keys({ ...own(spec, 'requests'), ...own(spec, 'limits') }).length > 0) return undefined;
    const required = names.filter((name) => REQUIRED.has(name));
    const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
    const missing = required.sort().flatMap((name) => {
      const without = containers
        .filter(
          (container) => charged(own(container, 'requests'), own(container, 'limits'))[name] === undefined,
        )
        .map((container) => stringAt(container, 'name') ?? '');
      return without.length === 0 ? [] : [`${name} for: ${[...new Set(without)].sort().join(',')}`];
    });
    return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`;
  },

  /** With a deadline it comes into another scope. */
  changes: (next, current) =>
    isTerminating(objectAt(next, 'spec')) !== isTerminating(objectAt(current, 'spec')),
};

function own(of: Readonly<JsonObject>, field: 'requests' | 'limits'): Amounts {
  return objectAt(of, 'resources', field) as Amounts;
}

/** What a pod says for itself as a whole goes before what its containers say. */
function wholePod(spec: Readonly<JsonObject>, field: 'requests' | 'limits'): Amounts {
  return { ...podAmounts(spec, field), ...own(spec, field) };
}

function charged(requests: Amounts, limits: Amounts): Amounts {
  const result: Record<string, string> = { pods: '1' };
  for (const [name, amount] of Object.entries(requests)) {
    const plain = COMPUTE.includes(name) || name.startsWith('hugepages-');
    if (plain) result[name] = amount;
    if (plain || name.includes('/')) result[`requests.${name}`] = amount;
  }
  for (const name of COMPUTE) {
    const limit = limits[name];
    if (limit !== undefined) result[`limits.${name}`] = limit;
  }
  return result;
}

/** One that has ended takes nothing, nor does one that should have been gone long ago. */
function takesResources({ metadata, ...pod }: ApiObject, now: number): boolean {
  const phase = stringAt(pod, 'status', 'phase');
  if (phase === 'Failed' || phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function isInScope(scope: ScopeRequirement, spec: Readonly<JsonObject>): boolean {
  switch (scope.scopeName) {
    case 'Terminating':
      return isTerminating(spec);
    case 'NotTerminating':
      return !isTerminating(spec);
    case 'BestEffort':
      return qosClass(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(spec) !== 'BestEffort';
    case 'PriorityClass':
      return satisfies(scope, stringAt(spec, 'priorityClassName') || undefined);
    case 'CrossNamespacePodAffinity':
      return looksIntoOthers(spec);
    default:
      return false;
  }
}

function isTerminating(spec: Readonly<JsonObject>): boolean {
  return (numberAt(spec, 'activeDeadlineSeconds') ?? -1) >= 0;
}

function looksIntoOthers(spec: Readonly<JsonObject>): boolean {
  return ['podAffinity', 'podAntiAffinity'].some((kind) => {
    const affinity = objectAt(spec, 'affinity', kind);
    const required = objectsAt(affinity, 'requiredDuringSchedulingIgnoredDuringExecution');
    const preferred = objectsAt(affinity, 'preferredDuringSchedulingIgnoredDuringExecution');
    return [...required, ...preferred.map((term) => objectAt(term, 'podAffinityTerm'))].some(
      ({ namespaces, namespaceSelector }) =>
        (Array.isArray(namespaces) && namespaces.length > 0) || isObject(namespaceSelector),
    );
  });
}
