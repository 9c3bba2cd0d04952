import type { KindRules } from '../../registry/resource.ts';
import { immutableSelector } from './deployment.ts';
import { setTemplateDefaults, specOf, validateReplicated } from './pod-template.ts';

export const replicaSetRules: KindRules = {
  generations: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(replicaSet) {
    const spec = specOf(replicaSet);
    spec['replicas'] ??= 1;
    setTemplateDefaults(spec);
  },

  prepareCreate(replicaSet) {
    replicaSet['status'] = { replicas: 0 };
  },

  validate: (replicaSet) => validateReplicated(specOf(replicaSet)),
  validateUpdate: (next, current) => immutableSelector(specOf(next), specOf(current)),
};
