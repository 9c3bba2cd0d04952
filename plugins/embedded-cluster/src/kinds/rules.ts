import type { KindRules } from '../registry/resource.ts';
import { configMapRules } from './config/config-map.ts';
import { secretRules } from './config/secret.ts';
import { definitionRules } from './custom/definition.ts';
import { eventRules } from './event.ts';
import { namespaceRules } from './namespace.ts';
import { endpointSliceRules } from './network/endpoint-slice.ts';
import { ingressClassRules, ingressRules } from './network/ingress.ts';
import { serviceRules } from './network/service.ts';
import { podRules } from './pod/pod.ts';
import { claimRules, storageClassRules, volumeRules } from './volumes/persistent-volume.ts';
import { deploymentRules } from './workloads/deployment.ts';
import { jobRules } from './workloads/job.ts';
import { replicaSetRules } from './workloads/replica-set.ts';

const RULES: Readonly<Record<string, KindRules>> = {
  'apiextensions.v1.CustomResourceDefinition': definitionRules,
  'apps.v1.Deployment': deploymentRules,
  'apps.v1.ReplicaSet': replicaSetRules,
  'batch.v1.Job': jobRules,
  'coordination.v1.Lease': { createsOnUpdate: true },
  'core.v1.ConfigMap': configMapRules,
  'core.v1.Event': eventRules,
  'core.v1.Namespace': namespaceRules,
  'core.v1.Node': { resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } } },
  'core.v1.PersistentVolume': volumeRules,
  'core.v1.PersistentVolumeClaim': claimRules,
  'core.v1.Pod': podRules,
  'core.v1.Secret': secretRules,
  'core.v1.Service': serviceRules,
  'core.v1.ServiceAccount': { returnsDeleted: true },
  'discovery.v1.EndpointSlice': endpointSliceRules,
  'networking.v1.Ingress': ingressRules,
  'networking.v1.IngressClass': ingressClassRules,
  'storage.v1.StorageClass': storageClassRules,
};

/** What is particular to a built-in kind. */
export function rulesOf(type: string): KindRules {
  return RULES[type] ?? {};
}
