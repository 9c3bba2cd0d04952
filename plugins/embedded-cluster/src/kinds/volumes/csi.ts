import { equal, isObject, objectsAt, stringAt } from '../../json.ts';
import type { KindRules } from '../../registry/resource.ts';
import { invalid, required } from '../../schema/field-error.ts';
import { specOf } from '../workloads/pod-template.ts';

/* What drivers of volumes say of themselves. Stored and not acted on: no driver runs here. */

export const csiDriverRules: KindRules = {
  returnsDeleted: true,
  setDefaults(driver) {
    const spec = specOf(driver);
    spec['attachRequired'] ??= true;
    spec['podInfoOnMount'] ??= false;
    spec['storageCapacity'] ??= false;
    spec['fsGroupPolicy'] ??= 'ReadWriteOnceWithFSType';
    if (!Array.isArray(spec['volumeLifecycleModes']) || spec['volumeLifecycleModes'].length === 0)
      spec['volumeLifecycleModes'] = ['Persistent'];
    spec['requiresRepublish'] ??= false;
    spec['seLinuxMount'] ??= false;
  },
  validateUpdate: (next, current) =>
    ['attachRequired', 'volumeLifecycleModes']
      .filter((name) => !equal(specOf(next)[name], specOf(current)[name]))
      .map((name) => invalid(`spec.${name}`, specOf(next)[name], 'field is immutable')),
};

export const csiNodeRules: KindRules = {
  returnsDeleted: true,
  validate: (node) =>
    objectsAt(node, 'spec', 'drivers').flatMap((driver, index) =>
      ['name', 'nodeID']
        .filter((name) => (stringAt(driver, name) ?? '') === '')
        .map((name) => required(`spec.drivers[${index}].${name}`)),
    ),
};

export const csiStorageCapacityRules: KindRules = {
  validate: (capacity) =>
    (stringAt(capacity, 'storageClassName') ?? '') === '' ? [required('storageClassName')] : [],
  validateUpdate: (next, current) =>
    ['nodeTopology', 'storageClassName']
      .filter((name) => !equal(next[name], current[name]))
      .map((name) => invalid(name, next[name], 'field is immutable')),
};

export const volumeAttachmentRules: KindRules = {
  returnsDeleted: true,
  resets: { object: { 'f:status': {} }, status: { 'f:metadata': {}, 'f:spec': {} } },
  prepareCreate(attachment) {
    attachment['status'] = { attached: false };
  },
  validate(attachment) {
    const spec = specOf(attachment);
    const errors = ['attacher', 'nodeName']
      .filter((name) => (stringAt(spec, name) ?? '') === '')
      .map((name) => required(`spec.${name}`));
    const source = isObject(spec['source']) ? Object.keys(spec['source']) : [];
    if (source.length === 0)
      errors.push(required('spec.source', 'must specify either inlineVolumeSpec or persistentVolumeName'));
    return errors;
  },
  validateUpdate: (next, current) =>
    equal(specOf(next), specOf(current)) ? [] : [invalid('spec', specOf(next), 'field is immutable')],
};
