import { at, equal, isObject, objectsAt, stringAt, without, type JsonObject } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { forbidden, invalid, notSupported, type FieldError } from '../../schema/field-error.ts';
import { dnsLabel } from '../../schema/names.ts';
import { emptyStatus } from '../empty-status.ts';
import { nonNegative } from '../validate-number.ts';
import { accessModeErrors } from '../volumes/access-modes.ts';
import { setTemplateDefaults, specOf, validateReplicated } from './pod-template.ts';

const RETENTION = ['Retain', 'Delete'];
/** What may change after creation. */
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export const statefulSetRules: KindRules = {
  nameRule: dnsLabel,
  generations: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(statefulSet) {
    const spec = specOf(statefulSet);
    spec['podManagementPolicy'] ||= 'OrderedReady';
    setStrategyDefaults(spec);
    const retention = isObject(spec['persistentVolumeClaimRetentionPolicy'])
      ? spec['persistentVolumeClaimRetentionPolicy']
      : {};
    retention['whenDeleted'] ||= 'Retain';
    retention['whenScaled'] ||= 'Retain';
    spec['persistentVolumeClaimRetentionPolicy'] = retention;
    spec['replicas'] ??= 1;
    spec['revisionHistoryLimit'] ??= 10;
    if (Array.isArray(spec['volumeClaimTemplates']))
      spec['volumeClaimTemplates'] = objectsAt(spec, 'volumeClaimTemplates').map(claimTemplate);
    setTemplateDefaults(spec);
  },

  prepareCreate(statefulSet) {
    statefulSet['status'] = emptyStatus('apps.v1.StatefulSetStatus');
  },

  validate(statefulSet) {
    const spec = specOf(statefulSet);
    return [
      ...validatePolicies(spec),
      ...nonNegative(spec, 'spec', 'minReadySeconds'),
      ...(isObject(spec['ordinals']) ? nonNegative(spec['ordinals'], 'spec.ordinals', 'start') : []),
      ...validateReplicated(withClaimVolumes(spec), 'statefulset'),
      ...(at(spec, 'template', 'spec', 'activeDeadlineSeconds') === undefined
        ? []
        : [
            forbidden(
              'spec.template.spec.activeDeadlineSeconds',
              'activeDeadlineSeconds in StatefulSet is not Supported',
            ),
          ]),
    ];
  },

  validateUpdate(next, current) {
    return equal(without(specOf(next), ...CHANGEABLE), without(specOf(current), ...CHANGEABLE))
      ? []
      : [
          forbidden(
            'spec',
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
          ),
        ];
  },
};

function setStrategyDefaults(spec: JsonObject): void {
  const strategy: JsonObject = isObject(spec['updateStrategy']) ? spec['updateStrategy'] : {};
  spec['updateStrategy'] = strategy;
  if (strategy['type'] === undefined || strategy['type'] === '') {
    strategy['type'] = 'RollingUpdate';
    strategy['rollingUpdate'] ??= {};
  }
  const rolling = strategy['rollingUpdate'];
  if (strategy['type'] !== 'RollingUpdate' || !isObject(rolling)) return;
  rolling['partition'] ??= 0;
  delete rolling['maxUnavailable']; // behind a feature gate that is off in 1.35
}

function claimTemplate(template: JsonObject): JsonObject {
  const { metadata, spec, status } = template;
  return {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    metadata,
    spec: { ...(isObject(spec) ? spec : {}), volumeMode: at(spec, 'volumeMode') ?? 'Filesystem' },
    status: { phase: 'Pending', ...(isObject(status) ? status : {}) },
  };
}

/** The pods get a volume for each claim template: mounts may name them. */
function withClaimVolumes(spec: JsonObject): JsonObject {
  const claims = objectsAt(spec, 'volumeClaimTemplates').map(
    (template) => stringAt(template, 'metadata', 'name') ?? '',
  );
  const podSpec = at(spec, 'template', 'spec');
  if (!isObject(spec['template']) || !isObject(podSpec)) return spec;
  const volumes = [
    ...claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...objectsAt(podSpec, 'volumes').filter(({ name }) => !claims.includes(String(name))),
  ];
  // Host name and subdomain of the template are the controller's to set.
  const seen = { ...without(podSpec, 'hostname', 'subdomain'), volumes };
  return { ...spec, template: { ...spec['template'], spec: seen } };
}

function validatePolicies(spec: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { podManagementPolicy, updateStrategy, persistentVolumeClaimRetentionPolicy: retention } = spec;
  if (podManagementPolicy !== 'OrderedReady' && podManagementPolicy !== 'Parallel')
    errors.push(
      invalid('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"),
    );
  const type = at(updateStrategy, 'type');
  const rolling = at(updateStrategy, 'rollingUpdate');
  if (type !== 'RollingUpdate' && type !== 'OnDelete')
    errors.push(invalid('spec.updateStrategy', updateStrategy, "must be 'RollingUpdate' or 'OnDelete'"));
  if (type === 'OnDelete' && rolling !== undefined)
    errors.push(
      invalid(
        'spec.updateStrategy.rollingUpdate',
        rolling,
        "only allowed for updateStrategy 'RollingUpdate'",
      ),
    );
  if (type === 'RollingUpdate' && isObject(rolling))
    errors.push(...nonNegative(rolling, 'spec.updateStrategy.rollingUpdate', 'partition'));
  for (const name of ['whenDeleted', 'whenScaled']) {
    const value = at(retention, name);
    if (!RETENTION.includes(String(value)))
      errors.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${name}`, value, RETENTION));
  }
  objectsAt(spec, 'volumeClaimTemplates').forEach((template, index) => {
    const path = `spec.volumeClaimTemplates[${index}].spec`;
    errors.push(...accessModeErrors(at(template, 'spec', 'accessModes'), path));
    if (at(template, 'spec', 'resources', 'requests', 'storage') === undefined)
      errors.push({
        reason: 'FieldValueRequired',
        field: `${path}.resources[storage]`,
        message: 'Required value',
      });
  });
  const serviceName = stringAt(spec, 'serviceName') ?? '';
  if (serviceName !== '')
    errors.push(
      ...dnsLabel(serviceName).map((complaint) => invalid('spec.serviceName', serviceName, complaint)),
    );
  return errors;
}
