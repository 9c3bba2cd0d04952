import type { KindRules } from '../registry/resource.ts';
import { horizontalPodAutoscalerRules } from './autoscaling/horizontal-pod-autoscaler.ts';
import { configMapRules } from './config/config-map.ts';
import { secretRules } from './config/secret.ts';
import { definitionRules } from './custom/definition.ts';
import { eventRules } from './events/event.ts';
import { eventV1Rules } from './events/event-v1.ts';
import { apiServiceRules } from './extension/api-service.ts';
import { mutatingWebhookRules, validatingWebhookRules } from './extension/webhook-configuration.ts';
import { namespaceRules } from './namespace.ts';
import { endpointSliceRules } from './network/endpoint-slice.ts';
import { endpointsRules } from './network/endpoints.ts';
import { ingressClassRules, ingressRules } from './network/ingress.ts';
import { networkPolicyRules } from './network/network-policy.ts';
import { serviceRules } from './network/service.ts';
import { podRules } from './pod/pod.ts';
import { podDisruptionBudgetRules } from './policy/pod-disruption-budget.ts';
import { priorityClassRules } from './policy/priority-class.ts';
import { limitRangeRules } from './quota/limit-range.ts';
import { resourceQuotaRules } from './quota/resource-quota.ts';
import {
  csiDriverRules,
  csiNodeRules,
  csiStorageCapacityRules,
  volumeAttachmentRules,
} from './volumes/csi.ts';
import { clusterRoleBindingRules, roleBindingRules } from './rbac/role-binding.ts';
import { clusterRoleRules, roleRules } from './rbac/role.ts';
import { claimRules, storageClassRules, volumeRules } from './volumes/persistent-volume.ts';
import { controllerRevisionRules } from './workloads/controller-revision.ts';
import { cronJobRules } from './workloads/cron-job.ts';
import { daemonSetRules } from './workloads/daemon-set.ts';
import { deploymentRules } from './workloads/deployment.ts';
import { jobRules } from './workloads/job.ts';
import { podTemplateRules } from './workloads/pod-template.ts';
import { replicaSetRules } from './workloads/replica-set.ts';
import { replicationControllerRules } from './workloads/replication-controller.ts';
import { statefulSetRules } from './workloads/stateful-set.ts';

const RULES: Readonly<Record<string, KindRules>> = {
  'admissionregistration.v1.MutatingWebhookConfiguration': mutatingWebhookRules,
  'admissionregistration.v1.ValidatingWebhookConfiguration': validatingWebhookRules,
  'apiextensions.v1.CustomResourceDefinition': definitionRules,
  'apiregistration.v1.APIService': apiServiceRules,
  'apps.v1.ControllerRevision': controllerRevisionRules,
  'apps.v1.DaemonSet': daemonSetRules,
  'apps.v1.Deployment': deploymentRules,
  'apps.v1.ReplicaSet': replicaSetRules,
  'apps.v1.StatefulSet': statefulSetRules,
  'autoscaling.v2.HorizontalPodAutoscaler': horizontalPodAutoscalerRules,
  'batch.v1.CronJob': cronJobRules,
  'batch.v1.Job': jobRules,
  'coordination.v1.Lease': { createsOnUpdate: true },
  'core.v1.ConfigMap': configMapRules,
  'core.v1.Endpoints': endpointsRules,
  'core.v1.Event': eventRules,
  'core.v1.LimitRange': limitRangeRules,
  'core.v1.Namespace': namespaceRules,
  'core.v1.Node': { resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } } },
  'core.v1.PersistentVolume': volumeRules,
  'core.v1.PersistentVolumeClaim': claimRules,
  'core.v1.Pod': podRules,
  'core.v1.PodTemplate': podTemplateRules,
  'core.v1.ReplicationController': replicationControllerRules,
  'core.v1.ResourceQuota': resourceQuotaRules,
  'core.v1.Secret': secretRules,
  'core.v1.Service': serviceRules,
  'core.v1.ServiceAccount': { returnsDeleted: true },
  'discovery.v1.EndpointSlice': endpointSliceRules,
  'events.v1.Event': eventV1Rules,
  'networking.v1.Ingress': ingressRules,
  'networking.v1.IngressClass': ingressClassRules,
  'networking.v1.NetworkPolicy': networkPolicyRules,
  'policy.v1.PodDisruptionBudget': podDisruptionBudgetRules,
  'scheduling.v1.PriorityClass': priorityClassRules,
  'storage.v1.CSIDriver': csiDriverRules,
  'storage.v1.CSINode': csiNodeRules,
  'storage.v1.CSIStorageCapacity': csiStorageCapacityRules,
  'rbac.v1.ClusterRole': clusterRoleRules,
  'rbac.v1.ClusterRoleBinding': clusterRoleBindingRules,
  'rbac.v1.Role': roleRules,
  'rbac.v1.RoleBinding': roleBindingRules,
  'storage.v1.StorageClass': storageClassRules,
  'storage.v1.VolumeAttachment': volumeAttachmentRules,
};

/** What is particular to a built-in kind. */
export function rulesOf(type: string): KindRules {
  return RULES[type] ?? {};
}
