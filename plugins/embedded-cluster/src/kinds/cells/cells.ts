import { at, isObject, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import type { Resource } from '../../registry/resource.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { selectorText } from '../workloads/label-selector.ts';
import { age, duration } from './age.ts';
import { endpointSliceCells, ingressCells, ingressClassCells, serviceCells } from './network.ts';
import { podCells } from './pod.ts';
import { claimCells, storageClassCells, storageClassName, volumeCells } from './volumes.ts';

/** The cells of one row but the name, which every table has. */
type Cells = (object: ApiObject, now: number) => readonly unknown[];

const CELLS: Readonly<Record<string, Cells>> = {
  '/configmaps': (object, now) => [
    Object.keys(objectAt(object, 'data')).length + Object.keys(objectAt(object, 'binaryData')).length,
    ageOf(object, now),
  ],
  '/events': eventCells,
  '/namespaces': (object, now) => [stringAt(object, 'status', 'phase') ?? '', ageOf(object, now)],
  '/nodes': nodeCells,
  '/persistentvolumeclaims': claimCells,
  '/persistentvolumes': volumeCells,
  '/pods': podCells,
  '/secrets': (object, now) => [
    stringAt(object, 'type') ?? '',
    Object.keys(objectAt(object, 'data')).length,
    ageOf(object, now),
  ],
  '/serviceaccounts': (object, now) => [ageOf(object, now)],
  '/services': serviceCells,
  'apiextensions.k8s.io/customresourcedefinitions': ({ metadata }) => [metadata.creationTimestamp],
  'apps/deployments': (object, now) => {
    const status = objectAt(object, 'status');
    const count = (name: string): number => numberAt(status, name) ?? 0;
    const ready = `${count('readyReplicas')}/${numberAt(object, 'spec', 'replicas') ?? 0}`;
    return [
      ready,
      count('updatedReplicas'),
      count('availableReplicas'),
      ageOf(object, now),
      ...templateCells(object),
      selectorText(at(object, 'spec', 'selector')),
    ];
  },
  'apps/replicasets': (object, now) => {
    const status = objectAt(object, 'status');
    return [
      numberAt(object, 'spec', 'replicas') ?? 0,
      numberAt(status, 'replicas') ?? 0,
      numberAt(status, 'readyReplicas') ?? 0,
      ageOf(object, now),
      ...templateCells(object),
      selectorText(at(object, 'spec', 'selector')),
    ];
  },
  'batch/jobs': jobCells,
  'coordination.k8s.io/leases': (object, now) => [
    stringAt(object, 'spec', 'holderIdentity') ?? '',
    ageOf(object, now),
  ],
  'discovery.k8s.io/endpointslices': endpointSliceCells,
  'networking.k8s.io/ingressclasses': ingressClassCells,
  'networking.k8s.io/ingresses': ingressCells,
  'storage.k8s.io/storageclasses': storageClassCells,
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

/** Names and images of a template's containers. */
function templateCells(object: ApiObject): readonly string[] {
  const containers = objectsAt(object, 'spec', 'template', 'spec', 'containers');
  return [
    containers.map(({ name }) => String(name)).join(','),
    containers.map(({ image }) => String(image)).join(','),
  ];
}

function jobCells(job: ApiObject, now: number): readonly unknown[] {
  const status = objectAt(job, 'status');
  const completions = numberAt(job, 'spec', 'completions');
  const parallelism = numberAt(job, 'spec', 'parallelism') ?? 1;
  const wanted = completions ?? (parallelism > 1 ? `1 of ${parallelism}` : 1);
  const started = stringAt(status, 'startTime');
  const ended = stringAt(status, 'completionTime');
  const took =
    started === undefined
      ? ''
      : duration((ended === undefined ? now : Date.parse(ended)) - Date.parse(started));
  return [
    jobStatus(job),
    `${numberAt(status, 'succeeded') ?? 0}/${wanted}`,
    took,
    ageOf(job, now),
    ...templateCells(job),
    selectorText(at(job, 'spec', 'selector')),
  ];
}

function jobStatus(job: ApiObject): string {
  const holds = (type: string): boolean =>
    objectsAt(job, 'status', 'conditions').some(
      (condition) => condition['type'] === type && condition['status'] === 'True',
    );
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  if (holds('FailureTarget')) return 'FailureTarget';
  return holds('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
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
