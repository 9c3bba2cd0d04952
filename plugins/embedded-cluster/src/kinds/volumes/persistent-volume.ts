import { equal, isObject, objectAt, stringAt, without } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../schema/field-error.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { admitClaimLimits } from '../quota/admit-limits.ts';
import { accessModeErrors } from './access-modes.ts';
import { specOf } from '../workloads/pod-template.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** Fields of a volume's spec that are not its source. */
const COMMON = [
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
];

/** What is in use stays until it is not: the finalizer is the controllers' to take away. */
function protect({ metadata }: ApiObject, finalizer: string): void {
  if (metadata.deletionTimestamp !== undefined || metadata.finalizers?.includes(finalizer) === true) return;
  metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
}

export const claimRules: KindRules = {
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },
  returnsDeleted: true,

  setDefaults(claim) {
    specOf(claim)['volumeMode'] ??= 'Filesystem';
  },

  prepareCreate(claim, admission) {
    claim['status'] = { phase: 'Pending' };
    protect(claim, 'kubernetes.io/pvc-protection');
    admitClaimLimits(claim, admission);
    const spec = specOf(claim);
    if (spec['storageClassName'] !== undefined) return;
    const [byDefault] = admission
      .list('storage.k8s.io/storageclasses')
      .filter((storageClass) => storageClass.metadata.annotations?.[DEFAULT_CLASS] === 'true')
      .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1));
    if (byDefault !== undefined) spec['storageClassName'] = byDefault.metadata.name;
  },

  validate(claim) {
    const spec = specOf(claim);
    const errors = accessModeErrors(spec['accessModes']);
    if (objectAt(spec, 'resources', 'requests')['storage'] === undefined)
      errors.push(required('spec.resources[storage]'));
    return errors;
  },

  validateUpdate(next, current) {
    const changeable = ['resources', 'volumeName', 'volumeAttributesClassName'] as const;
    const after = without(specOf(next), ...changeable);
    const rest = without(specOf(current), ...changeable);
    const before = specOf(current)['volumeName'];
    const rebound = before !== undefined && specOf(next)['volumeName'] !== before;
    return equal(after, rest) && !rebound
      ? []
      : [
          forbidden(
            'spec',
            'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
          ),
        ];
  },
};

export const volumeRules: KindRules = {
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },
  returnsDeleted: true,

  setDefaults(volume) {
    const spec = specOf(volume);
    spec['persistentVolumeReclaimPolicy'] ??= 'Retain';
    spec['volumeMode'] ??= 'Filesystem';
    if (isObject(spec['hostPath'])) spec['hostPath']['type'] ??= '';
  },

  prepareCreate(volume, admission) {
    protect(volume, 'kubernetes.io/pv-protection');
    volume['status'] = { phase: 'Pending', lastPhaseTransitionTime: admission.time };
  },

  validate(volume) {
    const spec = specOf(volume);
    const errors = accessModeErrors(spec['accessModes']);
    if (objectAt(spec, 'capacity')['storage'] === undefined)
      errors.push(required('spec.capacity'), notSupported('spec.capacity', undefined, ['storage']));
    if (Object.keys(spec).every((name) => COMMON.includes(name)))
      errors.push(required('spec', 'must specify a volume type'));
    return errors;
  },
};

export const storageClassRules: KindRules = {
  returnsDeleted: true,
  setDefaults(storageClass) {
    storageClass['reclaimPolicy'] ??= 'Delete';
    storageClass['volumeBindingMode'] ??= 'Immediate';
  },
  validate(storageClass) {
    const errors: FieldError[] =
      (stringAt(storageClass, 'provisioner') ?? '') === '' ? [required('provisioner')] : [];
    const mode = storageClass['volumeBindingMode'];
    if (mode !== 'Immediate' && mode !== 'WaitForFirstConsumer') {
      errors.push(notSupported('volumeBindingMode', mode, ['Immediate', 'WaitForFirstConsumer']));
    }
    return errors;
  },
  validateUpdate: (next, current) =>
    (['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const)
      .filter((name) => !equal(next[name], current[name]))
      .map((name) =>
        name === 'reclaimPolicy' || name === 'volumeBindingMode'
          ? invalid(name, next[name], 'field is immutable')
          : forbidden(name, 'updates to parameters are forbidden.'),
      ),
};
