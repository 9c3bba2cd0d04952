import { at, isObject, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import type { Resource } from '../../registry/resource.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { age } from './age.ts';
import {
  endpointsCells,
  endpointSliceCells,
  ingressCells,
  ingressClassCells,
  networkPolicyCells,
  serviceCells,
} from './network.ts';
import { podCells } from './pod.ts';
import {
  apiServiceCells,
  autoscalerCells,
  podDisruptionBudgetCells,
  priorityClassCells,
  resourceQuotaCells,
  webhookCells,
} from './policies.ts';
import {
  claimCells,
  csiDriverCells,
  csiNodeCells,
  csiStorageCapacityCells,
  storageClassCells,
  storageClassName,
  volumeAttachmentCells,
  volumeCells,
} from './volumes.ts';
import {
  controllerRevisionCells,
  cronJobCells,
  daemonSetCells,
  deploymentCells,
  jobCells,
  podTemplateCells,
  replicaSetCells,
  replicationControllerCells,
  statefulSetCells,
} from './workloads.ts';
import { bindingCells } from './rbac.ts';

/** The cells of one row but the name, which every table has. */
type Cells = (object: ApiObject, now: number) => readonly unknown[];

const CELLS: Readonly<Record<string, Cells>> = {
  '/configmaps': (object, now) => [
    Object.keys(objectAt(object, 'data')).length + Object.keys(objectAt(object, 'binaryData')).length,
    ageOf(object, now),
  ],
  '/endpoints': endpointsCells,
  '/events': eventCells,
  '/namespaces': (object, now) => [stringAt(object, 'status', 'phase') ?? '', ageOf(object, now)],
  '/nodes': nodeCells,
  '/persistentvolumeclaims': claimCells,
  '/persistentvolumes': volumeCells,
  '/pods': podCells,
  '/podtemplates': podTemplateCells,
  '/replicationcontrollers': replicationControllerCells,
  '/resourcequotas': resourceQuotaCells,
  '/secrets': (object, now) => [
    stringAt(object, 'type') ?? '',
    Object.keys(objectAt(object, 'data')).length,
    ageOf(object, now),
  ],
  '/serviceaccounts': (object, now) => [ageOf(object, now)],
  '/services': serviceCells,
  'apiextensions.k8s.io/customresourcedefinitions': ({ metadata }) => [metadata.creationTimestamp],
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': webhookCells,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': webhookCells,
  'apiregistration.k8s.io/apiservices': apiServiceCells,
  'apps/controllerrevisions': controllerRevisionCells,
  'apps/daemonsets': daemonSetCells,
  'apps/deployments': deploymentCells,
  'apps/replicasets': replicaSetCells,
  'apps/statefulsets': statefulSetCells,
  'autoscaling/horizontalpodautoscalers': autoscalerCells,
  'autoscaling/scales': (scale, now) => [
    numberAt(scale, 'spec', 'replicas') ?? 0,
    numberAt(scale, 'status', 'replicas') ?? 0,
    ageOf(scale, now),
  ],
  'batch/cronjobs': cronJobCells,
  'batch/jobs': jobCells,
  'coordination.k8s.io/leases': (object, now) => [
    stringAt(object, 'spec', 'holderIdentity') ?? '',
    ageOf(object, now),
  ],
  'discovery.k8s.io/endpointslices': endpointSliceCells,
  'networking.k8s.io/ingressclasses': ingressClassCells,
  'networking.k8s.io/ingresses': ingressCells,
  'networking.k8s.io/networkpolicies': networkPolicyCells,
  'policy/poddisruptionbudgets': podDisruptionBudgetCells,
  'scheduling.k8s.io/priorityclasses': priorityClassCells,
  'storage.k8s.io/csidrivers': csiDriverCells,
  'storage.k8s.io/csinodes': csiNodeCells,
  'storage.k8s.io/csistoragecapacities': csiStorageCapacityCells,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingCells,
  'rbac.authorization.k8s.io/clusterroles': ({ metadata }) => [metadata.creationTimestamp],
  'rbac.authorization.k8s.io/rolebindings': bindingCells,
  'rbac.authorization.k8s.io/roles': ({ metadata }) => [metadata.creationTimestamp],
  'storage.k8s.io/storageclasses': storageClassCells,
  'storage.k8s.io/volumeattachments': volumeAttachmentCells,
};

/** The cells of one object, in the order of its resource's columns. */
export function cellsOf(resource: Resource, object: ApiObject, now: number): readonly unknown[] {
  if (resource.collection === '/events') return eventCells(object, now);
  const name =
    resource.collection === 'storage.k8s.io/storageclasses' ? storageClassName(object) : object.metadata.name;
  const cells =
    CELLS[resource.collection]?.(object, now) ??
    resource.columns.slice(1).map(({ name: column }) => (column === 'Age' ? ageOf(object, now) : null));
  return [name, ...cells];
}

function ageOf({ metadata }: ApiObject, now: number): string {
  return age(metadata.creationTimestamp, now);
}

function nodeCells(node: ApiObject, now: number): readonly unknown[] {
  const ready = objectsAt(node, 'status', 'conditions').find(({ type }) => type === 'Ready');
  const states = [ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'];
  if (at(node, 'spec', 'unschedulable') === true) states.push('SchedulingDisabled');
  const roles = Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith('node-role.kubernetes.io/'))
    .map((label) => label.slice('node-role.kubernetes.io/'.length))
    .sort();
  const info = objectAt(node, 'status', 'nodeInfo');
  const address = (type: string): string =>
    stringAt(
      objectsAt(node, 'status', 'addresses').find((entry) => entry['type'] === type),
      'address',
    ) ?? '<none>';
  const shown = (name: string): string => stringAt(info, name) || '<unknown>';
  return [
    states.join(','),
    roles.length === 0 ? '<none>' : roles.join(','),
    ageOf(node, now),
    shown('kubeletVersion'),
    address('InternalIP'),
    address('ExternalIP'),
    shown('osImage'),
    shown('kernelVersion'),
    shown('containerRuntimeVersion'),
  ];
}

/** The name is the last column here: last seen, type, reason and object say more. */
function eventCells(event: ApiObject, now: number): readonly unknown[] {
  const involved = objectAt(event, 'involvedObject');
  const first = stringAt(event, 'firstTimestamp') ?? stringAt(event, 'eventTime');
  const last = stringAt(event, 'series', 'lastObservedTime') ?? stringAt(event, 'lastTimestamp') ?? first;
  const source = objectAt(event, 'source');
  const component = [source['component'], source['host']]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
  const count = isObject(event['series']) ? numberAt(event, 'series', 'count') : numberAt(event, 'count');
  return [
    age(last, now),
    stringAt(event, 'type') ?? '',
    stringAt(event, 'reason') ?? '',
    `${(stringAt(involved, 'kind') ?? '').toLowerCase()}/${stringAt(involved, 'name') ?? ''}`,
    stringAt(involved, 'fieldPath') ?? '',
    component === '' ? (stringAt(event, 'reportingComponent') ?? '') : component,
    (stringAt(event, 'message') ?? '').trim(),
    age(first, now),
    count ?? 1,
    event.metadata.name,
  ];
}
