import { equal, isObject, numberAt, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { Admission, KindRules } from '../../registry/resource.ts';
import { forbidden } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { admitPodLimits } from '../quota/admit-limits.ts';
import { setPodDefaults, setPodSpecDefaults } from './defaults.ts';
import { qosClass } from './qos.ts';
import { admitPriority } from './priority.ts';
import { admitServiceAccount, awaitedAccount } from './service-account.ts';
import { validatePodSpec } from './validate.ts';

/** Pods: admitted with a service account, bound once, deleted when the node has ended them. */
export const podRules: KindRules = {
  generations: true,
  returnsDeleted: true,
  resets: {
    object: { 'f:status': {} },
    status: { 'f:spec': {}, 'f:metadata': { 'f:deletionTimestamp': {}, 'f:ownerReferences': {} } },
  },

  awaits: (pod, namespace) => awaitedAccount(pod, namespace),

  setDefaults(pod) {
    const spec = specOf(pod);
    setPodSpecDefaults(spec);
    setPodDefaults(spec);
  },

  prepareCreate(pod, admission) {
    const spec = specOf(pod);
    admitServiceAccount(pod, spec, admission);
    admitPriority(pod, spec, admission);
    admitPodLimits(pod, spec, admission);
    spec['tolerations'] = withDefaultTolerations(objectsAt(spec, 'tolerations'));
    pod['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
  },

  prepareStatus(next, current) {
    next['status'] = { ...objectAt(next, 'status'), qosClass: objectAt(current, 'status')['qosClass'] };
    if (current.metadata.deletionTimestamp !== undefined)
      next.metadata.deletionTimestamp = current.metadata.deletionTimestamp;
  },

  validate: (pod) => validatePodSpec(specOf(pod), 'spec'),

  validateUpdate(next, current, admission) {
    return onlyAllowedChanges(specOf(next), specOf(current), admission)
      ? []
      : [
          forbidden(
            'spec',
            'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
          ),
        ];
  },

  gracePeriod(pod, asked) {
    const period = asked ?? numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30;
    const bound = (stringAt(pod, 'spec', 'nodeName') ?? '') !== '';
    const phase = stringAt(pod, 'status', 'phase');
    return !bound || phase === 'Succeeded' || phase === 'Failed' ? 0 : Math.max(0, period);
  },
};

function specOf(pod: ApiObject): JsonObject {
  return isObject(pod['spec']) ? pod['spec'] : {};
}

function withDefaultTolerations(given: readonly JsonObject[]): JsonObject[] {
  const missing = ['not-ready', 'unreachable']
    .map((condition) => `node.kubernetes.io/${condition}`)
    .filter((key) => !given.some((toleration) => tolerates(toleration, key)))
    .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));
  return [...given, ...missing];
}

function tolerates(toleration: JsonObject, key: string): boolean {
  const { key: tolerated, effect } = toleration;
  return (tolerated === undefined || tolerated === key) && (effect === undefined || effect === 'NoExecute');
}

/** Images, the deadline and more tolerations may change; the node is set once, by a binding or the cluster's own node. */
function onlyAllowedChanges(next: JsonObject, current: JsonObject, admission: Admission): boolean {
  const allowed: JsonObject = { ...next };
  for (const list of ['containers', 'initContainers']) {
    const before = objectsAt(current, list);
    if (Array.isArray(next[list])) {
      allowed[list] = objectsAt(next, list).map((container, index) => ({
        ...container,
        image: before[index]?.['image'],
      }));
    }
  }
  const tolerations = objectsAt(next, 'tolerations');
  const kept = objectsAt(current, 'tolerations').every((old) =>
    tolerations.some((toleration) => equal(toleration, old)),
  );
  allowed['tolerations'] = kept ? current['tolerations'] : next['tolerations'];
  if (next['activeDeadlineSeconds'] !== undefined)
    allowed['activeDeadlineSeconds'] = current['activeDeadlineSeconds'];
  if (admission.internal && current['nodeName'] === undefined) delete allowed['nodeName'];
  return equal(allowed, current);
}
