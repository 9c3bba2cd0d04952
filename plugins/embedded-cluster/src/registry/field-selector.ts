import { badRequest } from '../status.ts';
import { at, own } from '../json.ts';
import type { Resource } from './resource.ts';
import type { Matcher } from './selectors.ts';

/** What a selector finds in an object by the name of a field. */
type Fields = Readonly<Record<string, readonly string[]>>;

const NAMED = fields('metadata.name');
const NAMESPACED = fields('metadata.name', 'metadata.namespace');
const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/**
 * What a kind can be selected by, when that is more or less than its name and namespace. Paths lead through the stored
 * form, whatever a version calls its fields.
 */
const FIELDS: Readonly<Record<string, Fields>> = {
  '/pods': {
    ...NAMESPACED,
    ...fields(
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
    ),
    'spec.host': ['spec', 'nodeName'],
  },
  '/events': {
    ...NAMESPACED,
    ...fields(...INVOLVED.map((name) => `involvedObject.${name}`), 'reason', 'reportingComponent', 'type'),
    source: ['source', 'component'],
  },
  'events.k8s.io/events': {
    ...NAMESPACED,
    ...fields('reason', 'type'),
    ...Object.fromEntries(INVOLVED.map((name) => [`regarding.${name}`, ['involvedObject', name]])),
    reportingController: ['reportingComponent'],
  },
  '/replicationcontrollers': { ...NAMESPACED, ...fields('status.replicas') },
  '/secrets': { ...NAMESPACED, ...fields('type') },
  '/namespaces': { ...NAMED, ...fields('status.phase') },
  '/nodes': { ...NAMED, ...fields('spec.unschedulable') },
  '/services': { ...NAMESPACED, ...fields('spec.clusterIP', 'spec.type') },
  'batch/jobs': { ...NAMESPACED, 'status.successful': ['status', 'succeeded'] },
};

/** Values of fields that are absent, where a selector sees something other than nothing. */
const ABSENT: Readonly<Record<string, string>> = {
  '/pods spec.hostNetwork': 'false',
  '/nodes spec.unschedulable': 'false',
  'batch/jobs status.successful': '0',
};

function fields(...names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, name.split('.')]));
}

/** What a field selector wants, and the one name when it asks for just that, so that a list need not look at every object. */
export interface FieldSelector {
  readonly matches: Matcher | undefined;
  readonly name?: string;
}

/** Parses `metadata.name=x,status.phase!=Running`. Fails with 400 for fields that the kind is not selected by. */
export function parseFieldSelector(resource: Resource, text: string): FieldSelector {
  const matchers: Matcher[] = [];
  let name: string | undefined;
  for (const term of [...terms(text)].sort()) {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, escaped = ''] = match;
    const value = unescaped(escaped);
    const equal = operator !== '!=';
    if (field === 'metadata.name' && equal) name = value;
    matchers.push(matcher(resource, field, value, equal));
  }
  return {
    matches: matchers.length === 0 ? undefined : (object) => matchers.every((matches) => matches(object)),
    ...(name === undefined ? {} : { name }),
  };
}

function matcher(resource: Resource, field: string, value: string, equal: boolean): Matcher {
  const id = `${resource.group}/${resource.plural}`;
  const path = own(fieldsOf(resource), field);
  if (path === undefined) throw badRequest(unknownField(resource, field));
  const absent = ABSENT[`${id} ${field}`] ?? '';
  return (object) => (textOf(at(object, ...path), absent) === value) === equal;
}

function fieldsOf({ group, plural, namespaced, custom }: Resource): Fields {
  if (custom !== undefined) return { ...(namespaced ? NAMESPACED : NAMED), ...custom.selectableFields };
  return FIELDS[`${group}/${plural}`] ?? NAMESPACED;
}

function unknownField({ group, plural, kind, custom }: Resource, field: string): string {
  if (kind === 'Job') return `field label ${JSON.stringify(field)} not supported for Job`;
  if (custom !== undefined || FIELDS[`${group}/${plural}`] !== undefined)
    return `field label not supported: ${field}`;
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

/** The parts between commas that no backslash stands before. */
function terms(text: string): readonly string[] {
  return text.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? [];
}

/** A value with `\\`, `\,` and `\=` resolved. Fails with 400 for other escapes, and for what ought to be escaped. */
function unescaped(text: string): string {
  return text.replace(/\\(.?)|[,=]/gs, (found, escape: string | undefined) => {
    if (escape === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    }
    if (!['\\', ',', '='].includes(escape))
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
    return escape;
  });
}

function textOf(value: unknown, absent: string): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : absent;
}
