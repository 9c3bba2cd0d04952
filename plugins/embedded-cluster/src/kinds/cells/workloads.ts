import { at, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { selectorText } from '../workloads/label-selector.ts';
import { age, duration } from './age.ts';
import { labelsText } from './labels.ts';

function ageOf({ metadata }: ApiObject, now: number): string {
  return age(metadata.creationTimestamp, now);
}

/** Names and images of a template's containers; `path` leads to the template. */
function templateCells(object: ApiObject, ...path: readonly string[]): readonly string[] {
  const containers = objectsAt(object, ...path, 'spec', 'containers');
  return [
    containers.map(({ name }) => String(name)).join(','),
    containers.map(({ image }) => String(image)).join(','),
  ];
}

function count(object: ApiObject, name: string): number {
  return numberAt(object, 'status', name) ?? 0;
}

/** Ready, Up-to-date, Available, Age, Containers, Images, Selector. */
export function deploymentCells(deployment: ApiObject, now: number): readonly unknown[] {
  return [
    `${count(deployment, 'readyReplicas')}/${numberAt(deployment, 'spec', 'replicas') ?? 0}`,
    count(deployment, 'updatedReplicas'),
    count(deployment, 'availableReplicas'),
    ageOf(deployment, now),
    ...templateCells(deployment, 'spec', 'template'),
    selectorText(at(deployment, 'spec', 'selector')),
  ];
}

/** Desired, Current, Ready, Age, Containers, Images, Selector. */
export function replicaSetCells(set: ApiObject, now: number): readonly unknown[] {
  return [...replicaCells(set, now), selectorText(at(set, 'spec', 'selector'))];
}

/** As those of a ReplicaSet; the selector is a map of labels. */
export function replicationControllerCells(controller: ApiObject, now: number): readonly unknown[] {
  return [...replicaCells(controller, now), labelsText(objectAt(controller, 'spec', 'selector'))];
}

function replicaCells(set: ApiObject, now: number): readonly unknown[] {
  return [
    numberAt(set, 'spec', 'replicas') ?? 0,
    count(set, 'replicas'),
    count(set, 'readyReplicas'),
    ageOf(set, now),
    ...templateCells(set, 'spec', 'template'),
  ];
}

/** Ready, Age, Containers, Images. */
export function statefulSetCells(set: ApiObject, now: number): readonly unknown[] {
  return [
    `${count(set, 'readyReplicas')}/${numberAt(set, 'spec', 'replicas') ?? 0}`,
    ageOf(set, now),
    ...templateCells(set, 'spec', 'template'),
  ];
}

/** Desired, Current, Ready, Up-to-date, Available, Node Selector, Age, Containers, Images, Selector. */
export function daemonSetCells(set: ApiObject, now: number): readonly unknown[] {
  return [
    count(set, 'desiredNumberScheduled'),
    count(set, 'currentNumberScheduled'),
    count(set, 'numberReady'),
    count(set, 'updatedNumberScheduled'),
    count(set, 'numberAvailable'),
    labelsText(objectAt(set, 'spec', 'template', 'spec', 'nodeSelector')),
    ageOf(set, now),
    ...templateCells(set, 'spec', 'template'),
    selectorText(at(set, 'spec', 'selector')),
  ];
}

/** Controller, Revision, Age. */
export function controllerRevisionCells(revision: ApiObject, now: number): readonly unknown[] {
  const owner = revision.metadata.ownerReferences?.find(({ controller }) => controller === true);
  const [, group = ''] = (owner?.apiVersion ?? '').split('/').reverse();
  const kind = `${(owner?.kind ?? '').toLowerCase()}${group === '' ? '' : `.${group}`}`;
  return [
    owner === undefined ? '<none>' : `${kind}/${owner.name}`,
    numberAt(revision, 'revision') ?? 0,
    ageOf(revision, now),
  ];
}

/** Containers, Images, Pod Labels. */
export function podTemplateCells(template: ApiObject): readonly unknown[] {
  return [
    ...templateCells(template, 'template'),
    labelsText(objectAt(template, 'template', 'metadata', 'labels')),
  ];
}

/** Schedule, Timezone, Suspend, Active, Last Schedule, Age, Containers, Images, Selector. */
export function cronJobCells(cronJob: ApiObject, now: number): readonly unknown[] {
  const last = stringAt(cronJob, 'status', 'lastScheduleTime');
  return [
    stringAt(cronJob, 'spec', 'schedule') ?? '',
    stringAt(cronJob, 'spec', 'timeZone') ?? '<none>',
    at(cronJob, 'spec', 'suspend') === true ? 'True' : 'False',
    objectsAt(cronJob, 'status', 'active').length,
    last === undefined ? '<none>' : age(last, now),
    ageOf(cronJob, now),
    ...templateCells(cronJob, 'spec', 'jobTemplate', 'spec', 'template'),
    selectorText(at(cronJob, 'spec', 'jobTemplate', 'spec', 'selector')),
  ];
}

/** Status, Completions, Duration, Age, Containers, Images, Selector. */
export function jobCells(job: ApiObject, now: number): readonly unknown[] {
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
    `${count(job, 'succeeded')}/${wanted}`,
    took,
    ageOf(job, now),
    ...templateCells(job, 'spec', 'template'),
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
