import { badRequest } from '../status.ts';
import { at } from '../json.ts';
import type { ApiObject } from '../storage/api-object.ts';
import { parseLabels } from './label-selector.ts';
import type { Resource } from './resource.ts';

/** True for objects that a list or watch wants. */
export type Matcher = (object: ApiObject) => boolean;

/** Parses the syntax of `kubectl get -l`. @returns undefined when everything matches. Fails with 400. */
export function parseLabelSelector(text: string): Matcher | undefined {
  if (text.trim() === '') return undefined;
  const matches = parseLabels(text);
  return ({ metadata: { labels = {} } }) => matches(labels);
}

/** What a kind can be selected by, besides its name and namespace: the label and where the value is. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '/pods': paths(
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ),
  '/events': {
    ...paths(
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'type',
    ),
    source: ['source', 'component'],
  },
  'events.k8s.io/events': {
    ...paths('reason', 'type'),
    'regarding.kind': ['involvedObject', 'kind'],
    'regarding.namespace': ['involvedObject', 'namespace'],
    'regarding.name': ['involvedObject', 'name'],
    'regarding.uid': ['involvedObject', 'uid'],
    'regarding.apiVersion': ['involvedObject', 'apiVersion'],
    'regarding.resourceVersion': ['involvedObject', 'resourceVersion'],
    'regarding.fieldPath': ['involvedObject', 'fieldPath'],
    reportingController: ['reportingComponent'],
  },
  '/replicationcontrollers': paths('status.replicas'),
  '/secrets': paths('type'),
  '/namespaces': paths('status.phase'),
  '/nodes': paths('spec.unschedulable'),
  '/services': paths('spec.clusterIP', 'spec.type'),
  'apps/replicasets': paths('status.replicas'),
  'batch/jobs': { 'status.successful': ['status', 'succeeded'] },
};

/** Paths lead through the stored form, whatever a version calls its fields. */
function fieldsOf({ group, plural }: Resource): Readonly<Record<string, readonly string[]>> | undefined {
  return FIELDS[`${group}/${plural}`];
}

function paths(...names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(names.map((name) => [name, name.split('.')]));
}

/** The names that a field selector asks for exactly, so that a list need not look at every object. */
export interface FieldSelector {
  readonly matches: Matcher | undefined;
  readonly name?: string;
}

/** Parses `metadata.name=x,status.phase!=Running`. Fails with 400 for fields that the kind is not selected by. */
export function parseFieldSelector(resource: Resource, text: string): FieldSelector {
  const matchers: Matcher[] = [];
  let name: string | undefined;
  for (const part of text.split(',')) {
    if (part === '') continue;
    const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
    if (match === null) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
    const [, field = '', operator, value = ''] = match;
    if (field === 'metadata.name' && operator !== '!=') name = value;
    const path =
      field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced)
        ? field.split('.')
        : fieldsOf(resource)?.[field];
    if (path === undefined) throw badRequest(unknownField(resource, field));
    const wanted = operator !== '!=';
    matchers.push((object) => (textOf(at(object, ...path)) === value) === wanted);
  }
  return {
    matches: matchers.length === 0 ? undefined : (object) => matchers.every((matches) => matches(object)),
    ...(name === undefined ? {} : { name }),
  };
}

function unknownField(resource: Resource, field: string): string {
  if (resource.custom !== undefined || fieldsOf(resource) !== undefined)
    return `field label not supported: ${field}`;
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Both of two matchers. */
export function both(a: Matcher | undefined, b: Matcher | undefined): Matcher | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (object) => a(object) && b(object);
}
