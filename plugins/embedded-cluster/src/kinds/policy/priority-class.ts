import { equal, numberAt } from '../../json.ts';
import type { Admission, KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { forbiddenRequest } from '../../status.ts';

const HIGHEST = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';
const POLICIES = ['Never', 'PreemptLowerPriority'];
const WHAT = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };

/** The classes that are always there, for what the cluster itself cannot do without. */
export const SYSTEM_PRIORITY_CLASSES = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
] as const;

export const priorityClassRules: KindRules = {
  generations: true,

  setDefaults(priorityClass) {
    priorityClass['preemptionPolicy'] ??= 'PreemptLowerPriority';
  },

  prepareCreate: onlyOneDefault,
  prepareUpdate: (next, _current, admission) => onlyOneDefault(next, admission),

  validate(priorityClass) {
    const { name } = priorityClass.metadata;
    const value = numberAt(priorityClass, 'value') ?? 0;
    const policy = priorityClass['preemptionPolicy'];
    const errors: FieldError[] = [];
    if (name.startsWith(SYSTEM_PREFIX)) {
      const why = systemComplaint(name, value, priorityClass['globalDefault'] === true);
      if (why !== undefined)
        errors.push(
          forbidden(
            'metadata.name',
            `priority class names with 'system-' prefix are reserved for system use only. error: ${why}`,
          ),
        );
    } else if (value > HIGHEST)
      errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST}`));
    if (!POLICIES.includes(String(policy)))
      errors.push(notSupported('preemptionPolicy', policy, [...POLICIES].reverse()));
    return errors;
  },

  validateUpdate(next, current) {
    const errors: FieldError[] = [];
    if (next['value'] !== current['value'])
      errors.push(forbidden('value', 'may not be changed in an update.'));
    if (!equal(next['preemptionPolicy'], current['preemptionPolicy']))
      errors.push(invalid('preemptionPolicy', next['preemptionPolicy'], 'field is immutable'));
    return errors;
  },

  checkDelete({ metadata: { name } }) {
    if (!SYSTEM_PRIORITY_CLASSES.some((known) => known.name === name)) return;
    throw forbiddenRequest(WHAT, name, 'this is a system priority class and cannot be deleted');
  },
};

function systemComplaint(name: string, value: number, isDefault: boolean): string | undefined {
  const known = SYSTEM_PRIORITY_CLASSES.find((candidate) => candidate.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return isDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

/** Of all classes one may be that of pods that name none. */
function onlyOneDefault(priorityClass: ApiObject, admission: Admission): void {
  if (priorityClass['globalDefault'] !== true) return;
  const { name } = priorityClass.metadata;
  const other = admission
    .list('scheduling.k8s.io/priorityclasses')
    .find((candidate) => candidate['globalDefault'] === true && candidate.metadata.name !== name);
  if (other === undefined) return;
  throw forbiddenRequest(
    WHAT,
    name,
    `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
  );
}
